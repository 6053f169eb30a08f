// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "raw_socket.hpp"
#include "transport/http/server.hpp"

#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <mutex>

using namespace sluice::transport::http;
using namespace std::chrono_literals;
using sluice::test::raw_socket;

BOOST_AUTO_TEST_SUITE(http_load)

BOOST_AUTO_TEST_CASE(a_thousand_streams_are_served_at_once) {
  // Every stream is open before the first one ends.
  constexpr std::size_t clients = 1000;
  std::mutex mutex;
  std::condition_variable all_here;
  std::vector<std::shared_ptr<exchange>> held;
  server_settings settings;
  settings.idle_timeout = 60s;
  server door{settings, [&](request, std::shared_ptr<exchange> out) {
                out->begin_stream(200, {});
                out->write("first");
                const std::lock_guard lock{mutex};
                held.push_back(std::move(out));
                if (held.size() == clients)
                  all_here.notify_one();
              }};
  std::vector<raw_socket> peers;
  for (std::size_t i = 0; i < clients; ++i)
    peers.emplace_back(door.listening().port)
        .send("GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n");
  {
    std::unique_lock lock{mutex};
    BOOST_TEST_REQUIRE(
        all_here.wait_for(lock, 30s, [&] { return held.size() == clients; }));
  }
  for (const auto& one : held) {
    one->write("last");
    one->end();
  }
  std::size_t whole = 0;
  for (auto& peer : peers) {
    const auto all = peer.read_all();
    whole += all.ends_with("5\r\nfirst\r\n4\r\nlast\r\n0\r\n\r\n");
  }
  BOOST_TEST(whole == clients);
}

BOOST_AUTO_TEST_SUITE_END()
