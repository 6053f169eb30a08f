// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "raw_socket.hpp"
#include "transport/http/client.hpp"
#include "transport/http/server.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <atomic>
#include <future>
#include <random>
#include <thread>

using namespace sluice::transport::http;
using namespace std::chrono_literals;
using sluice::test::raw_socket;

namespace {

void ok(request, std::shared_ptr<exchange> out) {
  out->respond({200, {}, "ok"});
}

server_settings strict() {
  server_settings settings;
  settings.header_limit = 1024;
  settings.body_limit = 1000;
  settings.idle_timeout = 10s;
  return settings;
}

// The status line of the answer to `text`; the connection must close.
std::string answer_to(const server& door, const std::string& text) {
  raw_socket peer{door.listening().port};
  peer.send(text);
  const auto all = peer.read_all();
  return all.substr(0, all.find("\r\n"));
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_hostile)

BOOST_AUTO_TEST_CASE(malformed_requests_get_400_and_the_server_lives_on) {
  server door{strict(), ok};
  const std::string host = "Host: t\r\n";
  const std::string cases[] = {
      "\r\n\r\n\r\n",
      "hello\r\n\r\n",
      "GET\r\n\r\n",
      "GET / HTTP/9.9\r\n" + host + "\r\n",
      "GET / HTTQ/1.1\r\n" + host + "\r\n",
      "G\x01T / HTTP/1.1\r\n" + host + "\r\n",
      "GET / HTTP/1.1\r\nno colon here\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : t\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + "X: a\x01z\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + std::string{"X: a\0z\r\n\r\n", 10},
      "GET / HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\n" + host + host + "\r\n",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host
          + "Content-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host
          + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST / HTTP/1.1\r\n" + host
          + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host
          + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST / HTTP/1.1\r\n" + host
          + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
      "POST / HTTP/1.1\r\n" + host
          + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
      "POST / HTTP/1.1\r\n" + host
          + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS greeting \r\n\r\n",
  };
  for (const auto& text : cases)
    BOOST_TEST(answer_to(door, text) == "HTTP/1.1 400 Bad Request", text);
  client caller{door.listening()};
  BOOST_TEST(caller.send("GET", "/").body == "ok");
}

BOOST_AUTO_TEST_CASE(long_heads_get_431_in_one_piece_or_in_drips) {
  server door{strict(), ok};
  const std::string big(2000, 'a');
  BOOST_TEST(
      answer_to(door, "GET / HTTP/1.1\r\nHost: t\r\nX: " + big + "\r\n\r\n")
          .starts_with("HTTP/1.1 431 "));
  BOOST_TEST(answer_to(door, "GET /" + big + " HTTP/1.1\r\nHost: t\r\n\r\n")
                 .starts_with("HTTP/1.1 431 "));
  raw_socket peer{door.listening().port};
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n");
  for (int i = 0; i < 200 && peer.send("X: line\r\n"); ++i)
    std::this_thread::sleep_for(100us);
  BOOST_TEST(peer.read_all().starts_with("HTTP/1.1 431 "));
}

BOOST_AUTO_TEST_CASE(long_bodies_get_413_announced_or_not) {
  server door{strict(), ok};
  const std::string big(2000, 'a');
  const std::string head = "POST / HTTP/1.1\r\nHost: t\r\n";
  BOOST_TEST(answer_to(door, head + "Content-Length: 2000\r\n\r\n")
             == "HTTP/1.1 413 Payload Too Large");
  BOOST_TEST(answer_to(door, head + "Content-Length: 2000\r\n\r\n" + big)
             == "HTTP/1.1 413 Payload Too Large");
  BOOST_TEST(answer_to(door, head + "Transfer-Encoding: chunked\r\n\r\n7d0\r\n"
                                 + big + "\r\n0\r\n\r\n")
             == "HTTP/1.1 413 Payload Too Large");
  // The client's own view, while it is still sending.
  client caller{door.listening()};
  const auto got = caller.send("POST", "/", std::string(5'000'000, 'a'));
  BOOST_TEST(got.status == 413u);
  BOOST_TEST(got.body == "the request's body is longer than 1000 bytes\n");
}

BOOST_AUTO_TEST_CASE(the_largest_body_allowed_is_taken) {
  server door{strict(), [](request got, std::shared_ptr<exchange> out) {
                out->respond({200, {}, std::to_string(got.body.size())});
              }};
  client caller{door.listening()};
  BOOST_TEST(caller.send("POST", "/", std::string(1000, 'a')).body == "1000");
}

BOOST_AUTO_TEST_CASE(slow_heads_and_bodies_get_408_and_idlers_nothing) {
  auto settings = strict();
  settings.idle_timeout = 50ms;
  settings.header_timeout = 50ms;
  settings.body_timeout = 50ms;
  server door{settings, ok};
  BOOST_TEST(answer_to(door, "") == "");
  BOOST_TEST(answer_to(door, "GET / HT") == "HTTP/1.1 408 Request Timeout");
  BOOST_TEST(answer_to(door, "POST / HTTP/1.1\r\nHost: t\r\n"
                             "Content-Length: 9\r\n\r\nabc")
             == "HTTP/1.1 408 Request Timeout");
}

BOOST_AUTO_TEST_CASE(dripping_bytes_do_not_extend_the_time) {
  auto settings = strict();
  settings.header_timeout = 100ms;
  server door{settings, ok};
  raw_socket peer{door.listening().port};
  const auto start = std::chrono::steady_clock::now();
  while (peer.send("G") && std::chrono::steady_clock::now() - start < 10s)
    std::this_thread::sleep_for(10ms);
  // Sending fails once the server has gone; it must not take the whole time.
  BOOST_TEST((std::chrono::steady_clock::now() - start < 9s));
}

BOOST_AUTO_TEST_CASE(nobody_reads_and_the_stream_is_cut_at_its_bound) {
  auto settings = strict();
  settings.output_limit = 64 * 1024;
  std::promise<close_reason> why;
  std::promise<std::shared_ptr<exchange>> taken;
  server door{settings, [&](request, std::shared_ptr<exchange> out) {
                out->on_close([&](close_reason r) { why.set_value(r); });
                out->begin_stream(200, {});
                taken.set_value(std::move(out));
              }};
  raw_socket peer{door.listening().port, 4096};
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  auto held = taken.get_future().get();
  const std::string piece(8 * 1024, 'x');
  std::size_t taken_bytes = 0;
  while (held->write(piece))
    taken_bytes += piece.size();
  BOOST_TEST((why.get_future().get() == close_reason::too_slow));
  // The kernel's own buffers take some megabytes, ours 64 KiB.
  BOOST_TEST(taken_bytes < 64u * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(a_backlog_is_told_when_it_comes_and_when_it_goes) {
  auto settings = strict();
  settings.output_limit = 64 * 1024 * 1024;
  std::promise<std::shared_ptr<exchange>> taken;
  std::atomic<bool> much = false;
  server door{settings, [&](request, std::shared_ptr<exchange> out) {
                out->on_backlog([&](bool now) {
                  much = now;
                  much.notify_all();
                });
                out->begin_stream(200, {});
                taken.set_value(std::move(out));
              }};
  raw_socket peer{door.listening().port, 4096};
  peer.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  auto held = taken.get_future().get();
  // Within the bound, and far more than a quarter of it besides what the kernel
  // takes.
  const std::string piece(1024 * 1024, 'x');
  for (int i = 0; i < 48; ++i)
    BOOST_REQUIRE(held->write(piece));
  much.wait(false);
  auto reading =
      std::async(std::launch::async, [&] { return peer.read_all(); });
  much.wait(true);
  BOOST_TEST(held->write("the end"));
  held->end();
  BOOST_TEST(reading.get().ends_with("the end\r\n0\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_stuck_write_ends_after_its_timeout) {
  auto settings = strict();
  settings.write_timeout = 50ms;
  settings.output_limit = 256 * 1024 * 1024;
  std::promise<close_reason> why;
  std::promise<std::shared_ptr<exchange>> taken;
  server door{settings, [&](request, std::shared_ptr<exchange> out) {
                out->on_close([&](close_reason r) { why.set_value(r); });
                out->begin_stream(200, {});
                out->write(std::string(64 * 1024 * 1024, 'x'));
                taken.set_value(std::move(out));
              }};
  raw_socket peer{door.listening().port, 4096};
  peer.send("GET / HTTP/1.1\r\nHost: t\r\n\r\n");
  BOOST_TEST((why.get_future().get() == close_reason::too_slow));
}

BOOST_AUTO_TEST_CASE(a_full_house_says_503_and_recovers) {
  auto settings = strict();
  settings.max_connections = 2;
  server door{settings, ok};
  {
    client one{door.listening()};
    client two{door.listening()};
    one.send("GET", "/");
    two.send("GET", "/");
    BOOST_TEST(answer_to(door, "GET / HTTP/1.1\r\nHost: t\r\n\r\n")
               == "HTTP/1.1 503 Service Unavailable");
  }
  while (door.connections() > 0)
    std::this_thread::sleep_for(1ms);
  client again{door.listening()};
  BOOST_TEST(again.send("GET", "/").status == 200u);
}

BOOST_AUTO_TEST_CASE(a_flood_of_pipelined_requests_is_held_back) {
  std::atomic<int> handled = 0;
  std::promise<std::shared_ptr<exchange>> first;
  server door{strict(), [&](request, std::shared_ptr<exchange> out) {
                if (++handled == 1)
                  first.set_value(std::move(out));
                else
                  out->respond({200, {}, "ok"});
              }};
  raw_socket peer{door.listening().port};
  const std::string one = "GET / HTTP/1.1\r\nHost: t\r\n\r\n";
  std::string many;
  for (int i = 0; i < 1000; ++i)
    many += one;
  peer.send(many);
  auto held = first.get_future().get();
  BOOST_TEST(handled == 1); // one at a time, in their order
  held->respond({200, {}, "ok"});
  held.reset();
  peer.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  peer.read_all();
  BOOST_TEST(handled == 1001);
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_is_survived) {
  server door{strict(), ok};
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  {
    client warm{door.listening()};
    warm.send("GET", "/");
    // Room for one socket: the client's end; the server's own accept fails.
    raw_socket probe{door.listening().port};
    const int next = ::dup(0);
    ::close(next);
    const rlimit tight{static_cast<rlim_t>(next) + 1, before.rlim_max};
    setrlimit(RLIMIT_NOFILE, &tight);
    raw_socket waiting{door.listening().port};
    std::this_thread::sleep_for(50ms);
    setrlimit(RLIMIT_NOFILE, &before);
    waiting.send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
    BOOST_TEST(waiting.read_all().starts_with("HTTP/1.1 200"));
  }
}

BOOST_AUTO_TEST_CASE(random_bytes_never_crash_it) {
  auto settings = strict();
  settings.idle_timeout = 100ms;
  settings.header_timeout = 100ms;
  settings.body_timeout = 100ms;
  server door{settings, ok};
  std::mt19937 random{7};
  const std::string seed = "POST /a?b HTTP/1.1\r\nHost: t\r\nContent-Length: "
                           "3\r\nConnection: close\r\n\r\nabc";
  std::vector<raw_socket> peers;
  for (int i = 0; i < 300; ++i) {
    auto text = seed;
    for (int k = 0; k < 3; ++k)
      text[random() % text.size()] = static_cast<char>(random());
    peers.emplace_back(door.listening().port).send(text);
  }
  for (auto& peer : peers)
    peer.read_all();
  client caller{door.listening()};
  BOOST_TEST(caller.send("GET", "/").body == "ok");
}

BOOST_AUTO_TEST_SUITE_END()
