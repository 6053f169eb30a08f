// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Connections are cut, at every byte and a thousand times; the session goes on,
// and each message arrives once and in order.
#include "peers.hpp"
#include "relay.hpp"
#include "tests/transport/http/raw_socket.hpp"
#include "transport/link/greeting.hpp"

#include <boost/test/unit_test.hpp>

#include <malloc.h>

#include <filesystem>

using namespace sluice::test;
using namespace std::chrono_literals;
using link::end_reason;
using link::fault;

namespace {

const link::channel_options edge{"edge"};

std::size_t open_files() {
  std::size_t out = 0;
  for ([[maybe_unused]] const auto& one :
       std::filesystem::directory_iterator{"/proc/self/fd"})
    ++out;
  return out;
}

// Small pieces, so that cuts fall into, between and before them.
link::endpoint_settings small_pieces(const std::string& node) {
  auto out = plain_settings(node);
  out.piece_bytes = 64;
  return out;
}

// A session through a relay, channel 1 open on both sides.
struct relayed {
  explicit relayed(link::credit grant = plenty,
                   link::endpoint_settings here = plain_settings("client"),
                   link::endpoint_settings there = plain_settings("server"))
      : server{std::move(there), edge, grant}, between{server.address.port},
        endpoint{std::move(here)} {
    client.session = endpoint.connect({"127.0.0.1", between.port()}, "server",
                                      client.session_events());
    client.open(1, edge);
    guest = server.sessions.take();
  }
  ~relayed() { endpoint.stop(); }

  server_peer server;
  relay between;
  watched client;
  link::endpoint endpoint;
  std::shared_ptr<watched> guest;
};

// A script: three messages there, three back, then the orderly end.
struct exchange {
  server_peer server{small_pieces("server"), edge, {3, 1000}};
  link::endpoint endpoint{small_pieces("client")};
  relay between{server.address.port};

  ~exchange() { endpoint.stop(); }

  void run(const relay::plan& cut) {
    between.plan_next(cut);
    watched client;
    client.session = endpoint.connect({"127.0.0.1", between.port()}, "server",
                                      client.session_events());
    client.open(1, edge)->grant({3, 1000});
    for (std::uint32_t i = 0; i < 3; ++i)
      send_all(client, text_message(i, "there", std::string(i * 60, 'a')));
    const auto guest = server.sessions.take();
    for (std::uint32_t i = 0; i < 3; ++i)
      send_all(*guest, text_message(i, "back", std::string(i * 60, 'b')));
    for (std::uint32_t i = 0; i < 3; ++i) {
      check(guest->messages.take(), i, "there", 'a');
      check(client.messages.take(), i, "back", 'b');
    }
    client.session->close();
    BOOST_TEST((client.ends.take().how == end_reason::closed));
    BOOST_TEST((guest->ends.take().how == end_reason::closed));
    BOOST_TEST(guest->messages.size() == 0u);
    BOOST_TEST(client.messages.size() == 0u);
  }

  static void check(const link::message& got, std::uint32_t number,
                    std::string_view body, char fill) {
    BOOST_TEST(got.kind == number);
    BOOST_TEST(got.body.text() == body);
    BOOST_TEST(got.attachment.text() == std::string(number * 60, fill));
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(link_resume)

BOOST_AUTO_TEST_CASE(a_cut_at_any_byte_there_loses_nothing) {
  exchange e;
  e.run({});
  const auto length = e.between.forwarded();
  BOOST_TEST(length > 500u);
  for (std::size_t at = 0; at <= length; ++at)
    BOOST_TEST_CONTEXT("cut after " << at << " bytes") {
      e.run({at, relay::endless});
    }
  BOOST_TEST(e.server.endpoint.counters().resumed > length / 2);
}

BOOST_AUTO_TEST_CASE(a_cut_at_any_byte_back_loses_nothing) {
  exchange e;
  e.run({});
  const auto length = e.between.backwarded();
  for (std::size_t at = 0; at <= length; ++at)
    BOOST_TEST_CONTEXT("cut after " << at << " bytes") {
      e.run({relay::endless, at});
    }
  BOOST_TEST(e.server.endpoint.counters().resumed > length / 2);
}

BOOST_AUTO_TEST_CASE(a_delayed_link_that_is_cut_in_full_flow_loses_nothing) {
  relayed r{{64, 1 << 20}};
  r.between.set_delay(1ms);
  constexpr std::uint32_t many = 2000;
  std::thread sender{[&] {
    for (std::uint32_t i = 0; i < many; ++i)
      send_all(r.client, text_message(i, "x", std::string(i % 5000, 'x')));
  }};
  for (std::uint32_t i = 0; i < many; ++i) {
    const auto got = r.guest->messages.take();
    if (got.kind != i || got.attachment.size() != i % 5000)
      BOOST_FAIL("message " << got.kind << " instead of " << i);
    r.guest->channel->grant({1, got.body.size() + got.attachment.size()});
    if (i % 100 == 99)
      r.between.cut_all();
  }
  sender.join();
  BOOST_TEST(r.server.endpoint.counters().resumed >= 10u);
  BOOST_TEST(r.guest->messages.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_thousand_reconnects_leave_nothing_behind) {
  relayed r;
  std::size_t files = 0;
  std::size_t memory = 0;
  constexpr std::uint32_t times = 1000;
  for (std::uint32_t i = 0; i < times; ++i) {
    send_all(r.client, text_message(i, "still here"));
    BOOST_REQUIRE(r.guest->messages.take().kind == i);
    if (i == 100) { // after every pool and table has its size
      files = open_files();
      memory = ::mallinfo2().uordblks;
    }
    r.between.cut_all();
    while (r.client.connections.take()) { // until it is noticed
    }
  }
  send_all(r.client, text_message(times, "the last"));
  BOOST_TEST(r.guest->messages.take().kind == times);
  BOOST_TEST(r.server.endpoint.counters().resumed >= times - 1);
  BOOST_TEST(open_files() <= files + 4);
  BOOST_TEST(::mallinfo2().uordblks < memory + (1 << 20));
}

BOOST_AUTO_TEST_CASE(a_cut_cable_is_noticed_and_the_session_goes_on) {
  auto settings = plain_settings("server");
  settings.heartbeat = 10ms;
  settings.silence = 60ms;
  auto own = plain_settings("client");
  own.heartbeat = 10ms;
  own.silence = 60ms;
  own.handshake_timeout = 60ms;
  relayed r{plenty, own, settings};
  send_all(r.client, text_message(0, "before"));
  r.guest->messages.take();
  BOOST_TEST(r.client.connections.take());
  r.between.go_quiet(true); // nothing is closed
  BOOST_TEST(!r.client.connections.take());
  BOOST_TEST(r.endpoint.counters().of(fault::silent) >= 1u);
  send_all(r.client, text_message(1, "meanwhile"));
  r.between.go_quiet(false);
  BOOST_TEST(r.guest->messages.take().kind == 1u);
}

BOOST_AUTO_TEST_CASE(a_hello_that_was_held_up_displaces_nobody) {
  server_peer server{plain_settings("server")};
  const auto start = [&](std::uint32_t attempt) {
    link::hello said;
    said.node = "client";
    said.cluster = "test";
    said.session[0] = std::byte{1};
    said.attempt = attempt;
    const auto bytes = link::greeting_bytes(said);
    auto out = std::make_unique<raw_socket>(server.address.port);
    out->send({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return out;
  };
  const auto second = start(2);
  const auto guest = server.sessions.take();
  BOOST_TEST(guest->connections.take());
  BOOST_TEST(start(1)->read_all().empty()); // cut without a word
  const auto third = start(3);
  BOOST_TEST(!guest->connections.take()); // this one does
  BOOST_TEST(guest->connections.take());
}

BOOST_AUTO_TEST_CASE(an_idle_link_stays_connected) {
  auto settings = plain_settings("server");
  settings.heartbeat = 10ms;
  settings.silence = 100ms;
  server_peer server{settings, edge, plenty};
  auto own = plain_settings("client");
  own.heartbeat = 10ms;
  own.silence = 100ms;
  watched client;
  link::endpoint endpoint{own};
  client.session =
      endpoint.connect(server.address, "server", client.session_events());
  const auto guest = server.sessions.take();
  BOOST_TEST(client.connections.take());
  // Twice the silence limit, told by the pings that went out.
  const auto before = server.endpoint.counters().bytes_received.load();
  while (server.endpoint.counters().bytes_received < before + 20 * 64)
    std::this_thread::sleep_for(1ms);
  BOOST_TEST(client.connections.size() == 0u);
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(a_peer_that_has_restarted_is_a_lost_session) {
  auto first =
      std::make_unique<server_peer>(plain_settings("server"), edge, plenty);
  const auto where = first->address;
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  client.session = endpoint.connect(where, "server", client.session_events());
  client.open(1, edge);
  send_all(client, text_message(1, "x"));
  first->sessions.take()->messages.take();
  first.reset();
  server_peer second{plain_settings("server"), edge, plenty, where};
  const auto end = client.ends.take();
  BOOST_TEST((end.how == end_reason::lost), end.why);
  BOOST_TEST((client.channel_ends.take() == end_reason::lost));
  BOOST_TEST(second.endpoint.counters().of(fault::unknown_session) == 1u);
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(a_node_that_has_restarted_frees_its_old_session_at_once) {
  server_peer server{plain_settings("server")};
  relay between{server.address.port};
  watched old;
  auto before = std::make_unique<link::endpoint>(plain_settings("client"));
  old.session = before->connect({"127.0.0.1", between.port()}, "server",
                                old.session_events());
  const auto guest = server.sessions.take();
  BOOST_TEST(old.connections.take());
  before.reset();
  watched young;
  link::endpoint after{plain_settings("client")};
  young.session = after.connect(server.address, "", young.session_events());
  const auto end = guest->ends.take(); // long before the resume window is over
  BOOST_TEST((end.how == end_reason::lost));
  BOOST_TEST(end.why == "its peer has started anew");
  after.stop();
}

BOOST_AUTO_TEST_CASE(nobody_there_is_lost_after_the_resume_window) {
  auto settings = plain_settings("client");
  settings.resume_window = 50ms;
  watched client;
  link::endpoint endpoint{settings};
  client.session =
      endpoint.connect({"127.0.0.1", 1}, "server", client.session_events());
  BOOST_TEST((client.ends.take().how == end_reason::lost));
  BOOST_TEST(endpoint.counters().of(fault::unreachable) >= 2u); // tried again
  endpoint.stop();
}

BOOST_AUTO_TEST_SUITE_END()
