// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/server.hpp"
#include "raw_socket.hpp"
#include "transport/http/client.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <future>
#include <thread>

using namespace sluice::transport;
using namespace sluice::transport::http;
using namespace std::chrono_literals;
using sluice::test::raw_socket;

namespace {

// Says what it got.
void echo(request got, std::shared_ptr<exchange> out) {
  out->respond({200,
                {{"Content-Type", "text/plain"}},
                got.method + " " + got.path + " " + got.body});
}

server_settings quiet() {
  server_settings settings;
  settings.idle_timeout = 10s;
  return settings;
}

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n";
}

std::string status_line(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_server)

BOOST_AUTO_TEST_CASE(one_connection_serves_many_requests) {
  server door{quiet(), echo};
  client caller{door.listening()};
  for (int i = 0; i < 3; ++i) {
    const auto got = caller.send("POST", "/a?b=c", "hello");
    BOOST_TEST(got.status == 200u);
    BOOST_TEST(got.body == "POST /a hello");
    BOOST_TEST(find(got.headers, "content-type").value() == "text/plain");
  }
  BOOST_TEST(door.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_their_order) {
  // Answers from another thread, the first one last.
  std::vector<std::thread> threads;
  server door{quiet(), [&](request got, std::shared_ptr<exchange> out) {
                threads.emplace_back([path = got.path, out] {
                  if (path == "/1")
                    std::this_thread::sleep_for(30ms);
                  out->respond({200, {}, path});
                });
              }};
  raw_socket peer{door.listening().port};
  peer.send(get("/1") + get("/2")
            + "GET /3 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  const auto all = peer.read_all();
  const auto one = all.find("\r\n\r\n/1");
  const auto two = all.find("\r\n\r\n/2");
  const auto three = all.find("\r\n\r\n/3");
  BOOST_TEST((one < two && two < three && three != all.npos), all);
  door.stop(0ms);
  for (auto& t : threads)
    t.join();
}

BOOST_AUTO_TEST_CASE(bytes_sent_ahead_are_not_read_twice) {
  std::promise<std::shared_ptr<exchange>> first;
  server door{quiet(), [&](request got, std::shared_ptr<exchange> out) {
                if (got.path == "/1")
                  first.set_value(std::move(out));
                else
                  out->respond({200, {}, got.path});
              }};
  raw_socket peer{door.listening().port};
  peer.send(get("/1"));
  auto held = first.get_future().get();
  peer.send(get("/2")); // read while /1 is still being answered
  std::this_thread::sleep_for(20ms);
  held->respond({200, {}, "/1"});
  held.reset();
  peer.read_until("/1");
  peer.read_until("/2");
  peer.send("GET /3 HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  BOOST_TEST(peer.read_all().ends_with("\r\n\r\n/3"));
}

BOOST_AUTO_TEST_CASE(a_request_cut_anywhere_is_put_together) {
  server door{quiet(), echo};
  const std::string text =
      "POST /cut HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n"
      "Connection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  raw_socket peer{door.listening().port};
  for (const char c : text)
    peer.send({&c, 1});
  BOOST_TEST(peer.read_all().ends_with("\r\n\r\nPOST /cut abcde"));
}

BOOST_AUTO_TEST_CASE(a_stream_arrives_in_chunks_while_it_is_made) {
  std::shared_ptr<exchange> held;
  std::promise<void> begun;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                out->begin_stream(200, {{"Content-Type", "text/plain"}});
                out->write("one ");
                held = out;
                begun.set_value();
              }};
  client caller{door.listening()};
  std::string seen;
  const auto got = caller.stream("GET", "/", {}, [&](std::string_view bytes) {
    if (seen.empty()) {
      begun.get_future().wait();
      held->write("two");
      held->end();
      held.reset();
    }
    seen += bytes;
    return true;
  });
  BOOST_TEST(seen == "one two");
  BOOST_TEST(find(got.headers, "transfer-encoding").value() == "chunked");
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_its_stream_unchunked_and_closed) {
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                out->begin_stream(200, {});
                out->write("raw");
                out->end();
              }};
  raw_socket peer{door.listening().port};
  peer.send("GET / HTTP/1.0\r\n\r\n");
  const auto all = peer.read_all();
  BOOST_TEST(all.ends_with("\r\n\r\nraw"));
  BOOST_TEST(all.find("chunked") == all.npos);
}

BOOST_AUTO_TEST_CASE(head_gets_the_length_and_no_body) {
  server door{quiet(), echo};
  client caller{door.listening()};
  const auto got = caller.send("HEAD", "/x");
  BOOST_TEST(got.body == "");
  BOOST_TEST(find(got.headers, "content-length").value() == "8");
  BOOST_TEST(caller.send("GET", "/x").body == "GET /x ");
}

BOOST_AUTO_TEST_CASE(expect_100_is_answered_before_the_body) {
  server door{quiet(), echo};
  raw_socket peer{door.listening().port};
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n"
            "Expect: 100-continue\r\n\r\n");
  BOOST_TEST(peer.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  peer.send("ok");
  BOOST_TEST(peer.read_until("POST / ok").ends_with("POST / ok"));
}

BOOST_AUTO_TEST_CASE(other_expectations_get_417) {
  server door{quiet(), echo};
  raw_socket peer{door.listening().port};
  peer.send("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n"
            "Expect: miracles\r\n\r\n");
  BOOST_TEST(status_line(peer.read_all()) == "HTTP/1.1 417 Expectation Failed");
}

BOOST_AUTO_TEST_CASE(a_forgotten_exchange_answers_500) {
  server door{quiet(), [](request, std::shared_ptr<exchange>) {}};
  client caller{door.listening()};
  BOOST_TEST(caller.send("GET", "/").status == 500u);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_answers_500_and_lives_on) {
  server door{quiet(), [](request got, std::shared_ptr<exchange> out) {
                if (got.path == "/bad")
                  throw std::runtime_error{"bug"};
                echo(std::move(got), std::move(out));
              }};
  client caller{door.listening()};
  BOOST_TEST(caller.send("GET", "/bad").status == 500u);
  BOOST_TEST(caller.send("GET", "/good").status == 200u);
}

BOOST_AUTO_TEST_CASE(an_unended_stream_is_cut_not_left_open) {
  server door{quiet(), [](request, std::shared_ptr<exchange> out) {
                out->begin_stream(200, {});
                out->write("half");
              }};
  raw_socket peer{door.listening().port};
  peer.send(get("/"));
  const auto all = peer.read_all();
  BOOST_TEST(!all.ends_with("0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(response_fields_cannot_break_out_of_their_line) {
  server door{
      quiet(), [](request, std::shared_ptr<exchange> out) {
        out->respond({200, {{"X-A", "1\r\nX-Evil: 1"}, {"X B", "1"}}, "ok"});
      }};
  client caller{door.listening()};
  const auto got = caller.send("GET", "/");
  BOOST_TEST(got.body == "ok");
  BOOST_TEST(!find(got.headers, "X-Evil").has_value());
  BOOST_TEST(!find(got.headers, "X-A").has_value());
}

BOOST_AUTO_TEST_CASE(a_busy_port_is_named_in_the_error) {
  server door{quiet(), echo};
  auto settings = quiet();
  settings.listen = door.listening();
  const auto where = to_string(door.listening());
  try {
    server second{settings, echo};
    BOOST_FAIL("two servers on one port");
  } catch (const http_error& e) {
    BOOST_TEST(e.what()
               == "cannot listen on " + where + ": Address already in use");
  }
}

BOOST_AUTO_TEST_CASE(an_unknown_host_is_named_in_the_error) {
  auto settings = quiet();
  settings.listen = {"no.such.host.invalid", 0};
  BOOST_CHECK_EXCEPTION((server{settings, echo}), http_error,
                        [](const http_error& e) {
                          return std::string{e.what()}.starts_with(
                              "cannot listen on no.such.host.invalid:0: ");
                        });
}

BOOST_AUTO_TEST_CASE(all_interfaces_means_ipv4_too) {
  auto settings = quiet();
  settings.listen = {"", 0};
  server door{settings, echo};
  client caller{{"127.0.0.1", door.listening().port}};
  BOOST_TEST(caller.send("GET", "/").status == 200u);
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_while_waiting_is_noticed) {
  std::promise<close_reason> why;
  std::shared_ptr<exchange> held;
  std::promise<void> taken;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                held = out;
                out->on_close([&](close_reason r) { why.set_value(r); });
                taken.set_value();
              }};
  {
    raw_socket peer{door.listening().port};
    peer.send(get("/"));
    taken.get_future().wait();
  }
  BOOST_TEST((why.get_future().get() == close_reason::disconnected));
  held->respond({200, {}, "too late"}); // must do nothing
}

BOOST_AUTO_TEST_CASE(a_client_that_leaves_in_mid_stream_is_noticed) {
  std::promise<close_reason> why;
  std::shared_ptr<exchange> held;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                held = out;
                out->on_close([&](close_reason r) { why.set_value(r); });
                out->begin_stream(200, {});
                out->write("x");
              }};
  {
    raw_socket peer{door.listening().port};
    peer.send(get("/"));
    peer.read_until("x\r\n");
  }
  BOOST_TEST((why.get_future().get() == close_reason::disconnected));
  BOOST_TEST(!held->write("y"));
}

BOOST_AUTO_TEST_CASE(on_close_after_the_close_is_told_at_once) {
  auto settings = quiet();
  std::promise<std::shared_ptr<exchange>> taken;
  std::promise<void> gone;
  server door{settings, [&](request, std::shared_ptr<exchange> out) {
                out->on_close([&](close_reason) { gone.set_value(); });
                taken.set_value(out);
              }};
  std::shared_ptr<exchange> held;
  {
    raw_socket peer{door.listening().port};
    peer.send(get("/"));
    held = taken.get_future().get();
  }
  gone.get_future().wait();
  bool told = false;
  held->on_close([&](close_reason) { told = true; });
  BOOST_TEST(told);
}

BOOST_AUTO_TEST_CASE(stop_waits_for_an_answer_in_progress) {
  std::promise<std::shared_ptr<exchange>> taken;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                taken.set_value(std::move(out));
              }};
  raw_socket idle{door.listening().port};
  raw_socket busy{door.listening().port};
  busy.send(get("/"));
  auto held = taken.get_future().get();
  auto stopped = std::async(std::launch::async, [&] { door.stop(10s); });
  BOOST_TEST(idle.read_all() == ""); // closed at once
  held->respond({200, {}, "done"});
  held.reset();
  stopped.get();
  BOOST_TEST(busy.read_all().ends_with("done"));
}

BOOST_AUTO_TEST_CASE(stop_cuts_what_does_not_end_within_its_grace) {
  std::promise<std::shared_ptr<exchange>> taken;
  std::promise<close_reason> why;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                out->on_close([&](close_reason r) { why.set_value(r); });
                taken.set_value(std::move(out));
              }};
  raw_socket busy{door.listening().port};
  busy.send(get("/"));
  auto held = taken.get_future().get();
  door.stop(20ms);
  BOOST_TEST((why.get_future().get() == close_reason::stopped));
  BOOST_TEST(busy.read_all() == "");
}

BOOST_AUTO_TEST_CASE(an_exchange_may_outlive_its_server) {
  std::promise<std::shared_ptr<exchange>> taken;
  auto door = std::make_unique<server>(
      quiet(), [&](request, std::shared_ptr<exchange> out) {
        taken.set_value(std::move(out));
      });
  raw_socket busy{door->listening().port};
  busy.send(get("/"));
  auto held = taken.get_future().get();
  door.reset();
  held->respond({200, {}, "nobody"});
}

BOOST_AUTO_TEST_CASE(responses_and_connections_are_reported) {
  auto settings = quiet();
  std::atomic<int> open = 0;
  std::atomic<int> ok = 0;
  settings.on_connections = [&](int delta) { open += delta; };
  settings.on_response = [&](unsigned status) { ok += status == 200; };
  server door{settings, echo};
  {
    client caller{door.listening()};
    caller.send("GET", "/");
    BOOST_TEST(open == 1);
  }
  BOOST_TEST(ok == 1);
  door.stop(0ms);
  BOOST_TEST(open == 0);
}

BOOST_AUTO_TEST_CASE(the_client_finds_its_kept_connection_closed_and_retries) {
  auto settings = quiet();
  settings.idle_timeout = 20ms;
  server door{settings, echo};
  client caller{door.listening()};
  caller.send("GET", "/1");
  while (door.connections() > 0)
    std::this_thread::sleep_for(5ms);
  BOOST_TEST(caller.send("GET", "/2").body == "GET /2 ");
}

BOOST_AUTO_TEST_CASE(the_client_says_what_it_could_not_reach) {
  std::uint16_t port = 0;
  {
    server door{quiet(), echo};
    port = door.listening().port;
  }
  client caller{{"127.0.0.1", port}};
  BOOST_CHECK_EXCEPTION(
      caller.send("GET", "/"), http_error, [&](const http_error& e) {
        return e.what()
               == "cannot connect to 127.0.0.1:" + std::to_string(port)
                      + ": Connection refused";
      });
}

BOOST_AUTO_TEST_CASE(the_client_waits_no_longer_than_it_was_told) {
  std::promise<std::shared_ptr<exchange>> taken;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                taken.set_value(std::move(out));
              }};
  client caller{door.listening(), {.read_timeout = 50ms}};
  const auto where = to_string(door.listening());
  BOOST_CHECK_EXCEPTION(
      caller.send("GET", "/"), http_error, [&](const http_error& e) {
        return e.what() == "no answer from " + where + " within 50 ms";
      });
}

BOOST_AUTO_TEST_CASE(the_client_can_be_cancelled_while_it_waits) {
  std::promise<std::shared_ptr<exchange>> taken;
  std::promise<void> gone;
  server door{quiet(), [&](request, std::shared_ptr<exchange> out) {
                out->on_close([&](close_reason) { gone.set_value(); });
                taken.set_value(std::move(out));
              }};
  auto held = taken.get_future();
  client_settings settings;
  settings.cancelled = [&] {
    return held.wait_for(0s) == std::future_status::ready;
  };
  client caller{door.listening(), settings};
  BOOST_CHECK_EXCEPTION(
      caller.send("GET", "/"), http_error,
      [](const http_error& e) { return e.what() == std::string{"cancelled"}; });
  gone.get_future().wait();
}

BOOST_AUTO_TEST_SUITE_END()
