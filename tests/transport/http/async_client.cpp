// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/async_client.hpp"
#include "transport/http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

using namespace sluice::transport;
using namespace sluice::transport::http;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

/// Keeps what came and runs `next` at the end.
struct recorder : answer_receiver {
  void on_head(const response& head) override { status = head.status; }
  bool on_bytes(std::string_view bytes) override {
    body += bytes;
    ++pieces;
    return body.size() < enough;
  }
  void on_end(call_end how, const std::string& text) override {
    ended = how;
    why = text;
    ++ends;
    if (next)
      next();
  }

  unsigned status = 0;
  std::string body;
  int pieces = 0;
  int ends = 0;
  std::size_t enough = 1'000'000; // bytes
  call_end ended = call_end::stopped;
  std::string why;
  std::function<void()> next;
};

server_settings patient() {
  server_settings settings;
  settings.idle_timeout = 10s;
  return settings;
}

void echo(request got, std::shared_ptr<exchange> out) {
  out->respond({200, {}, got.body});
}

/// A server that answers by a script: each connection is read to the end of a
/// request's head, gets one text, and is closed.
class scripted_server {
public:
  explicit scripted_server(std::vector<std::string> answers)
      : acceptor_{context_, {asio::ip::address_v4::loopback(), 0}},
        thread_{[this, answers = std::move(answers)] {
          for (const auto& text : answers) {
            asio::ip::tcp::socket peer{context_};
            acceptor_.accept(peer);
            std::string got;
            asio::read_until(peer, asio::dynamic_buffer(got), "\r\n\r\n");
            asio::write(peer, asio::buffer(text));
          }
        }} {}

  address where() const {
    return {"127.0.0.1", acceptor_.local_endpoint().port()};
  }

private:
  asio::io_context context_;
  asio::ip::tcp::acceptor acceptor_;
  std::jthread thread_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(http_async_client)

BOOST_AUTO_TEST_CASE(a_hundred_calls_at_once_are_all_answered) {
  server door{patient(), echo};
  async_client caller{door.listening()};
  std::vector<std::shared_ptr<recorder>> all;
  for (int i = 0; i < 100; ++i) {
    all.push_back(std::make_shared<recorder>());
    caller.start("POST", "/", std::to_string(i), {}, all.back());
  }
  BOOST_TEST(caller.in_flight() == 100u);
  caller.run();
  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(all[i]->status == 200u);
    BOOST_TEST(all[i]->body == std::to_string(i));
    BOOST_TEST(all[i]->ends == 1);
  }
  BOOST_TEST(caller.in_flight() == 0u);
}

BOOST_AUTO_TEST_CASE(calls_in_turn_share_one_connection) {
  server door{patient(), echo};
  async_client caller{door.listening()};
  int left = 5;
  auto answer = std::make_shared<recorder>();
  answer->next = [&] {
    if (--left > 0)
      caller.start("POST", "/", "x", {}, answer);
    else
      answer->next = nullptr;
  };
  caller.start("POST", "/", "x", {}, answer);
  caller.run();
  BOOST_TEST(answer->body == "xxxxx");
  BOOST_TEST(caller.connections_opened() == 1u);
}

BOOST_AUTO_TEST_CASE(without_keep_alive_each_call_has_its_connection) {
  server door{patient(), echo};
  async_client caller{door.listening(), {.keep_alive = false}};
  for (int i = 0; i < 3; ++i) {
    caller.start("POST", "/", "x", {}, std::make_shared<recorder>());
    caller.run();
  }
  BOOST_TEST(caller.connections_opened() == 3u);
}

BOOST_AUTO_TEST_CASE(a_kept_connection_that_was_closed_is_opened_again) {
  constexpr auto text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  scripted_server door{{text, text}};
  async_client caller{door.where()};
  for (int i = 0; i < 2; ++i) {
    auto answer = std::make_shared<recorder>();
    caller.start("GET", "/", {}, {}, answer);
    caller.run();
    BOOST_TEST(answer->body == "ok");
  }
  BOOST_TEST(caller.calls_repeated() == 1u);
}

BOOST_AUTO_TEST_CASE(a_stream_comes_piece_by_piece) {
  std::shared_ptr<exchange> held;
  server door{patient(), [&](request, std::shared_ptr<exchange> out) {
                held = std::move(out);
                held->begin_stream(200, {});
                held->write("one");
              }};
  async_client caller{door.listening()};
  // The second piece leaves only after the first one has come.
  struct waiting : recorder {
    bool on_bytes(std::string_view bytes) override {
      const bool more = recorder::on_bytes(bytes);
      if (pieces == 1) {
        (*held)->write("two");
        (*held)->end();
      }
      return more;
    }
    std::shared_ptr<exchange>* held = nullptr;
  };
  auto answer = std::make_shared<waiting>();
  answer->held = &held;
  caller.start("GET", "/", {}, {}, answer);
  caller.run();
  BOOST_TEST(answer->body == "onetwo");
  BOOST_TEST((answer->ended == call_end::done));
}

BOOST_AUTO_TEST_CASE(a_receiver_that_has_enough_ends_the_call) {
  server door{patient(), echo};
  async_client caller{door.listening()};
  auto answer = std::make_shared<recorder>();
  answer->enough = 1;
  caller.start("POST", "/", "too much", {}, answer);
  caller.run();
  BOOST_TEST((answer->ended == call_end::unwanted));
  BOOST_TEST(answer->ends == 1);
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_told_with_its_address) {
  std::uint16_t port = 0;
  {
    server door{patient(), echo};
    port = door.listening().port;
  }
  async_client caller{{"127.0.0.1", port}};
  auto answer = std::make_shared<recorder>();
  caller.start("GET", "/", {}, {}, answer);
  caller.run();
  BOOST_TEST((answer->ended == call_end::not_connected));
  BOOST_TEST(answer->why
             == "cannot connect to 127.0.0.1:" + std::to_string(port)
                    + ": Connection refused");
}

BOOST_AUTO_TEST_CASE(an_answer_cut_in_the_middle_is_broken_off) {
  scripted_server door{{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}};
  async_client caller{door.where()};
  auto answer = std::make_shared<recorder>();
  caller.start("GET", "/", {}, {}, answer);
  caller.run();
  BOOST_TEST((answer->ended == call_end::broken_off));
  BOOST_TEST(answer->body == "half");
  BOOST_TEST(answer->why.find("broke off") != std::string::npos, answer->why);
}

BOOST_AUTO_TEST_CASE(what_is_not_http_is_broken_off) {
  scripted_server door{{"SSH-2.0-OpenSSH_9.2\r\n"}};
  async_client caller{door.where()};
  auto answer = std::make_shared<recorder>();
  caller.start("GET", "/", {}, {}, answer);
  caller.run();
  BOOST_TEST((answer->ended == call_end::broken_off));
  BOOST_TEST(answer->status == 0u);
}

BOOST_AUTO_TEST_CASE(a_silent_server_times_out) {
  std::shared_ptr<exchange> held;
  server door{patient(), [&](request, std::shared_ptr<exchange> out) {
                held = std::move(out);
              }};
  async_client caller{door.listening(), {.call_timeout = 50ms}};
  auto answer = std::make_shared<recorder>();
  caller.start("GET", "/", {}, {}, answer);
  caller.run();
  BOOST_TEST((answer->ended == call_end::timed_out));
  BOOST_TEST(answer->why.find("within 50 ms") != std::string::npos,
             answer->why);
  door.stop(0ms); // its threads touch `held` no more
  held.reset();
}

BOOST_AUTO_TEST_CASE(stop_ends_what_is_in_flight_and_the_timers) {
  std::shared_ptr<exchange> held;
  server door{patient(), [&](request, std::shared_ptr<exchange> out) {
                held = std::move(out);
              }};
  async_client caller{door.listening()};
  auto answer = std::make_shared<recorder>();
  bool fired = false;
  caller.start("GET", "/", {}, {}, answer);
  caller.at(async_client::clock::now() + 1h, [&] { fired = true; });
  caller.at(async_client::clock::now(), [&] { caller.stop(); });
  caller.run();
  BOOST_TEST((answer->ended == call_end::stopped));
  BOOST_TEST(!fired);
  door.stop(0ms); // its threads touch `held` no more
  held.reset();
}

BOOST_AUTO_TEST_CASE(an_unknown_host_is_refused_at_once) {
  BOOST_CHECK_EXCEPTION((async_client{{"no-such-host.invalid", 80}}),
                        http_error, [](const http_error& error) {
                          return std::string{error.what()}.starts_with(
                              "cannot resolve no-such-host.invalid: ");
                        });
}

BOOST_AUTO_TEST_SUITE_END()
