// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Two nodes and a link between them: credit, limits, priorities, the end, and
// peers that are no links.
#include "peers.hpp"
#include "relay.hpp"
#include "tests/transport/http/raw_socket.hpp"
#include "transport/link/greeting.hpp"

#include <boost/test/unit_test.hpp>

#include <cstring>

using namespace sluice::test;
using namespace std::chrono_literals;
using link::credit;
using link::end_reason;
using link::fault;
using link::send_status;

namespace {

const link::channel_options edge{"edge"};

// A client connected to `server`, channel 1 open on both sides.
struct pair {
  explicit pair(link::channel_options options = edge, credit grant = plenty,
                link::endpoint_settings settings = plain_settings("client"))
      : server{plain_settings("server"), options, grant}, endpoint{settings} {
    client.session =
        endpoint.connect(server.address, "server", client.session_events());
    client.open(1, options);
    guest = server.sessions.take();
  }
  ~pair() { endpoint.stop(); }

  server_peer server;
  watched client;
  link::endpoint endpoint;
  std::shared_ptr<watched> guest;
};

std::uint64_t count(const link::endpoint& of, fault what) {
  return of.counters().of(what);
}

// A server whose log lines can be awaited: one for each bad connection.
struct logging_server {
  explicit logging_server(
      link::endpoint_settings settings = plain_settings("server"))
      : server{with_log(std::move(settings))} {}

  link::endpoint_settings with_log(link::endpoint_settings settings) {
    settings.log = [this](const std::string& line) { lines.put(line); };
    return settings;
  }
  // The next line names `what`, and it was counted.
  void expect(fault what, std::uint64_t times = 1) {
    const auto line = lines.take();
    BOOST_TEST(line.find(to_string(what)) != std::string::npos, line);
    BOOST_TEST(count(server.endpoint, what) == times, line);
  }

  inbox<std::string> lines;
  server_peer server;
};

std::string as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

link::hello good_hello() {
  link::hello out;
  out.node = "client";
  out.cluster = "test";
  out.session = link::random_token();
  return out;
}

// A frame of channel `number` with `what` as its header.
std::string frame(std::uint32_t number, std::uint64_t sequence,
                  const link::envelope& what, std::string_view payload = {}) {
  const auto header = encode(what);
  link::frame_prefix prefix;
  prefix.channel = number;
  prefix.sequence = sequence;
  prefix.header = static_cast<std::uint32_t>(header.size());
  prefix.length = static_cast<std::uint32_t>(header.size() + payload.size());
  prefix.flags = link::first_piece | link::last_piece;
  const auto block = encode(prefix, header);
  return std::string{reinterpret_cast<const char*>(block.data()), block.size()}
         + as_text(header) + std::string{payload};
}

// A hello, and channel 1 opened.
std::string good_start() {
  return as_text(greeting_bytes(good_hello()))
         + frame(1, 1, link::open_channel{"edge", 1000});
}

} // namespace

BOOST_AUTO_TEST_SUITE(links)

BOOST_AUTO_TEST_CASE(messages_arrive_whole_and_in_order) {
  auto settings = plain_settings("client");
  settings.piece_bytes = 100;
  pair p{edge, plenty, settings};
  for (std::uint32_t i = 0; i < 200; ++i)
    send_all(p.client, text_message(i, "body " + std::to_string(i),
                                    std::string(i * 7, 'a')));
  for (std::uint32_t i = 0; i < 200; ++i) {
    const auto got = p.guest->messages.take();
    BOOST_TEST(got.kind == i);
    BOOST_TEST(got.body.text() == "body " + std::to_string(i));
    BOOST_TEST(got.attachment.text() == std::string(i * 7, 'a'));
  }
}

BOOST_AUTO_TEST_CASE(both_sides_may_send_on_one_channel) {
  pair p;
  p.client.channel->grant(plenty);
  send_all(p.client, text_message(1, "there"));
  BOOST_TEST(p.guest->messages.take().body.text() == "there");
  send_all(*p.guest, text_message(2, "back"));
  BOOST_TEST(p.client.messages.take().body.text() == "back");
  BOOST_TEST(p.client.session->peer() == "server");
  BOOST_TEST(p.guest->session->peer() == "client");
}

BOOST_AUTO_TEST_CASE(a_tensor_of_32_mib_arrives_as_it_was) {
  pair p;
  std::string large(32 << 20, 0);
  for (std::size_t i = 0; i < large.size(); i += 4096)
    std::memcpy(large.data() + i, &i, sizeof i);
  auto what = text_message(1, "b", large);
  what.type = link::element::f32;
  what.rows = 2048;
  what.width = 4096;
  send_all(p.client, std::move(what));
  const auto got = p.guest->messages.take();
  BOOST_TEST((got.attachment.text() == large));
  BOOST_TEST(got.rows == 2048u);
  BOOST_TEST(got.width == 4096u);
  BOOST_TEST((got.type == link::element::f32));
  // Kernels read tensors in place.
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(got.attachment.data()) % 64
             == 0u);
}

BOOST_AUTO_TEST_CASE(hidden_states_go_as_bf16_and_compressed_by_choice) {
  link::channel_options options{"edge"};
  options.narrow = true;
  options.compression = 1;
  pair p{options};
  const std::vector<float> values(10'000, 1.5f);
  auto what = text_message(1, "b");
  what.type = link::element::f32;
  what.attachment = link::buffer::copy_of(std::as_bytes(std::span{values}));
  send_all(p.client, std::move(what));
  const auto got = p.guest->messages.take();
  BOOST_TEST((got.type == link::element::bf16));
  BOOST_TEST(got.attachment.size() == 20'000u);
  BOOST_TEST(p.endpoint.counters().bytes_sent < 2'000u);
}

BOOST_AUTO_TEST_CASE(a_body_is_encoded_when_it_leaves_the_process) {
  pair p;
  link::message what;
  what.value = std::string{"an object"};
  what.encode = [](const std::any& value) {
    return link::buffer::copy_of(std::any_cast<std::string>(value));
  };
  send_all(p.client, std::move(what));
  BOOST_TEST(p.guest->messages.take().body.text() == "an object");
}

BOOST_AUTO_TEST_CASE(push_without_credit_is_refused_and_told_later) {
  pair p{edge, credit{2, 100}};
  send_all(p.client, text_message(1, "a"));
  send_all(p.client, text_message(2, "b"));
  auto third = text_message(3, "c");
  BOOST_TEST(
      (p.client.channel->send(std::move(third)) == send_status::no_credit));
  BOOST_TEST(third.body.text() == "c");
  p.guest->messages.take();
  p.guest->channel->grant({1, 1});
  p.client.credits.take(); // told
  BOOST_TEST((p.client.channel->send(std::move(third)) == send_status::sent));
  p.guest->messages.take();
  BOOST_TEST(p.guest->messages.take().kind == 3u);
}

BOOST_AUTO_TEST_CASE(credit_counts_bytes_too) {
  pair p{edge, credit{100, 10}};
  send_all(p.client, text_message(1, "12345", "1234"));
  auto more = text_message(2, "12");
  BOOST_TEST(
      (p.client.channel->send(std::move(more)) == send_status::no_credit));
  BOOST_TEST(
      (p.client.channel->send(text_message(3, "1")) == send_status::sent));
  BOOST_TEST(p.client.channel->available().bytes == 0u);
}

BOOST_AUTO_TEST_CASE(a_message_above_either_sides_limit_is_refused) {
  auto small = edge;
  small.max_message_bytes = 100;
  pair p{small};
  send_all(p.client, text_message(1, std::string(100, 'x')));
  BOOST_TEST((p.client.channel->send(text_message(2, std::string(101, 'x')))
              == send_status::too_large));
  p.guest->messages.take();
}

BOOST_AUTO_TEST_CASE(a_token_does_not_wait_for_a_large_tensor) {
  // The socket takes nothing while the relay is quiet, so both wait in the
  // session; then the order on the wire is the order of priorities.
  server_peer server{plain_settings("server"), link::channel_options{"bulk"},
                     plenty};
  relay between{server.address.port};
  auto settings = plain_settings("client");
  settings.piece_bytes = 64 * 1024;
  watched client;
  link::endpoint endpoint{settings};
  client.session = endpoint.connect({"127.0.0.1", between.port()}, "server",
                                    client.session_events());
  auto bulk_options = link::channel_options{"bulk"};
  bulk_options.urgency = link::priority::weights;
  client.open(1, bulk_options);
  const auto guest = server.sessions.take();
  auto token_options = link::channel_options{"tokens"};
  token_options.urgency = link::priority::tokens;
  inbox<std::string> order;
  link::channel_events ordered;
  ordered.on_message = [&](link::message) { order.put("token"); };
  const auto tokens_in = guest->session->open(3, token_options, ordered);
  tokens_in->grant(plenty);
  watched tokens;
  tokens.session = client.session;
  tokens.open(3, token_options);
  send_all(client, text_message(0, "")); // both channels have credit
  guest->messages.take();
  send_all(tokens, text_message(0, ""));
  order.take();
  between.go_quiet(true);
  const std::string large(32 << 20, 'w');
  send_all(client, text_message(1, "", large));
  send_all(tokens, text_message(2, "now"));
  between.go_quiet(false);
  order.take();
  BOOST_TEST(guest->messages.size() == 0u); // the large one is not there yet
  BOOST_TEST(guest->messages.take().attachment.size() == large.size());
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(a_channel_is_announced_to_who_has_not_opened_it) {
  server_peer server{plain_settings("server")};
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  client.session =
      endpoint.connect(server.address, "", client.session_events());
  client.open(5, {"later"});
  const auto guest = server.sessions.take();
  BOOST_TEST(guest->announced.take() == "5 later");
  guest->open(5, {"later"})->grant(plenty);
  send_all(client, text_message(1, "x"));
  guest->messages.take();
  BOOST_CHECK_THROW(guest->open(5, {"later"}), std::invalid_argument);
  BOOST_CHECK_THROW(guest->open(0, {"zero"}), std::invalid_argument);
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(channels_with_different_names_end_the_session) {
  server_peer server{plain_settings("server"), link::channel_options{"one"},
                     plenty};
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  client.session =
      endpoint.connect(server.address, "", client.session_events());
  client.open(1, {"other"});
  const auto end = client.ends.take();
  BOOST_TEST(
      (end.how == end_reason::protocol_error || end.how == end_reason::lost));
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(a_closed_channel_ends_behind_its_last_message) {
  pair p;
  send_all(p.client, text_message(1, "last"));
  p.client.channel->close();
  BOOST_TEST(
      (p.client.channel->send(text_message(2, "late")) == send_status::closed));
  BOOST_TEST((p.guest->channel_ends.take() == end_reason::closed));
  BOOST_TEST(p.guest->messages.size() == 1u);
}

BOOST_AUTO_TEST_CASE(closing_delivers_everything_and_then_ends_both_sides) {
  pair p;
  p.client.channel->grant(plenty);
  send_all(p.client, text_message(0, "first")); // both have credit now
  p.guest->messages.take();
  send_all(*p.guest, text_message(0, "first"));
  p.client.messages.take();
  for (std::uint32_t i = 0; i < 50; ++i) {
    send_all(p.client, text_message(i, "there", std::string(100'000, 'x')));
    send_all(*p.guest, text_message(i, "back", std::string(100'000, 'y')));
  }
  p.client.session->close();
  BOOST_TEST(
      (p.client.channel->send(text_message(1, "")) == send_status::closed));
  BOOST_TEST((p.client.ends.take().how == end_reason::closed));
  BOOST_TEST((p.guest->ends.take().how == end_reason::closed));
  BOOST_TEST((p.client.channel_ends.take() == end_reason::closed));
  BOOST_TEST(p.client.messages.size() == 50u);
  BOOST_TEST(p.guest->messages.size() == 50u);
  BOOST_TEST(count(p.endpoint, fault::disconnected) == 0u);
}

BOOST_AUTO_TEST_CASE(who_aborts_is_lost_to_the_peer) {
  auto settings = plain_settings("server");
  settings.resume_window = 50ms;
  server_peer server{settings};
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  client.session =
      endpoint.connect(server.address, "", client.session_events());
  const auto guest = server.sessions.take();
  BOOST_TEST(client.connections.take());
  client.session->abort();
  BOOST_TEST((client.ends.take().how == end_reason::stopped));
  BOOST_TEST((guest->ends.take().how == end_reason::lost));
  BOOST_TEST(server.endpoint.sessions() == 0u);
  const auto dead = client.session->open(9, {"x"}, {});
  BOOST_TEST((dead->send({}) == send_status::closed));
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(a_callback_that_throws_ends_its_session_alone) {
  server_peer server{plain_settings("server"), edge, plenty};
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  auto events = client.session_events();
  events.on_connection = [](bool) { throw std::runtime_error{"oh"}; };
  client.session = endpoint.connect(server.address, "", events);
  const auto end = client.ends.take();
  BOOST_TEST((end.how == end_reason::stopped));
  BOOST_TEST(end.why == "a callback failed: oh");
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(plain_links_stay_on_this_machine) {
  link::endpoint endpoint{plain_settings("n")};
  BOOST_CHECK_THROW(endpoint.listen({"", 0}, {}), link::link_error);
  BOOST_CHECK_THROW(endpoint.listen({"0.0.0.0", 0}, {}), link::link_error);
  BOOST_CHECK_THROW(endpoint.connect({"192.0.2.1", 1}, "", {}),
                    link::link_error);
  auto secure = plain_settings("n");
  secure.insecure = false;
  BOOST_CHECK_THROW(link::endpoint{secure}, sluice::transport::tls::tls_error);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(link_handshakes)

BOOST_AUTO_TEST_CASE(two_versions_meet_at_the_highest_common_one) {
  auto settings = plain_settings("server");
  settings.versions = {1, 2};
  server_peer server{settings};
  auto newer = plain_settings("client");
  newer.versions = {2, 3};
  watched client;
  link::endpoint endpoint{newer};
  client.session =
      endpoint.connect(server.address, "", client.session_events());
  BOOST_TEST(client.connections.take());
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_and_says_why) {
  logging_server logged;
  auto& server = logged.server;
  const auto refused = [&](auto change, fault what) {
    auto other = plain_settings("client");
    change(other);
    watched client;
    link::endpoint endpoint{other};
    client.session =
        endpoint.connect(server.address, "", client.session_events());
    const auto end = client.ends.take();
    BOOST_TEST((end.how == end_reason::refused));
    logged.expect(what);
    BOOST_TEST(count(endpoint, what) == 1u);
    endpoint.stop();
    return end.why;
  };
  const auto version = refused(
      [](auto& s) {
        s.versions = {2, 9};
      },
      fault::wrong_version);
  BOOST_TEST(version.find("versions 2 to 9") != std::string::npos, version);
  refused([](auto& s) { s.cluster = "other"; }, fault::wrong_cluster);
  refused([](auto& s) { s.graph_hash = {std::byte{1}}; }, fault::wrong_graph);
  BOOST_TEST(server.sessions.size() == 0u);
  BOOST_TEST(logged.lines.size() == 0u); // one line each
}

BOOST_AUTO_TEST_CASE(another_node_than_expected_is_refused) {
  server_peer server{plain_settings("server")};
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  client.session =
      endpoint.connect(server.address, "somebody", client.session_events());
  BOOST_TEST((client.ends.take().how == end_reason::refused));
  BOOST_TEST(count(endpoint, fault::wrong_identity) == 1u);
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(peers_that_are_no_links_are_cut_and_counted) {
  logging_server logged;
  auto& server = logged.server;
  const auto port = server.address.port;
  {
    raw_socket http{port};
    http.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    BOOST_TEST(http.read_all().empty());
  }
  logged.expect(fault::foreign_protocol);
  {
    raw_socket garbage{port};
    garbage.send(std::string(100'000, '\x16'));
    garbage.read_all();
  }
  logged.expect(fault::foreign_protocol, 2);
  {
    raw_socket gone{port};
    gone.send("\x89SLU"); // the beginning is right
    gone.shutdown_send();
    BOOST_TEST(gone.read_all().empty());
  }
  logged.expect(fault::disconnected);
  {
    raw_socket wrong{port};
    auto bytes = as_text(greeting_bytes(good_hello()));
    bytes[50] ^= 1;
    wrong.send(bytes);
    wrong.read_all();
  }
  logged.expect(fault::corrupt_frame);
  {
    raw_socket wrong{port};
    wrong.send(as_text(greeting_bytes(link::ping{}))); // no hello
    wrong.read_all();
  }
  logged.expect(fault::malformed_frame);
  {
    raw_socket wrong{port};
    wrong.send(std::string{link::preamble} + std::string(64, '\xff'));
    wrong.read_all();
  }
  logged.expect(fault::oversized_frame);
  BOOST_TEST(server.sessions.size() == 0u);
}

BOOST_AUTO_TEST_CASE(who_says_nothing_is_cut_in_time) {
  auto settings = plain_settings("server");
  settings.handshake_timeout = 30ms;
  logging_server logged{settings};
  auto& server = logged.server;
  raw_socket slow{server.address.port};
  BOOST_TEST(slow.read_all().empty()); // returns when it is cut
  logged.expect(fault::handshake_timeout);
}

BOOST_AUTO_TEST_CASE(a_hello_cut_anywhere_is_put_together) {
  server_peer server{plain_settings("server")};
  raw_socket peer{server.address.port};
  for (const char c : as_text(greeting_bytes(good_hello())))
    peer.send({&c, 1});
  BOOST_TEST(server.sessions.take()->session->peer() == "client");
  BOOST_TEST(peer.read_until("E\n").ends_with("SLUICE\n"));
}

BOOST_AUTO_TEST_CASE(frames_against_the_rules_end_the_session) {
  const auto broken = [](const std::string& bytes, fault what) {
    auto small = edge;
    small.max_message_bytes = 1000;
    server_peer server{plain_settings("server"), small, credit{2, 4000}};
    raw_socket peer{server.address.port};
    peer.send(good_start());
    const auto guest = server.sessions.take();
    BOOST_TEST(guest->connections.take());
    // The credit is on its way when the welcome and the open have come.
    peer.read_until("edge");
    peer.send(bytes);
    BOOST_TEST((guest->ends.take().how == end_reason::protocol_error),
               to_string(what));
    BOOST_TEST(count(server.endpoint, what) == 1u, to_string(what));
  };
  const auto head = [](std::uint64_t body) {
    link::message_head out;
    out.body_bytes = body;
    return out;
  };
  broken(frame(1, 3, head(1), "x"), fault::out_of_sequence);
  broken(frame(1, 2, head(1001), "x"), fault::oversized_frame);
  broken(frame(1, 2, head(1), "xy"), fault::malformed_frame);
  broken(frame(1, 2, link::open_channel{"edge", 1}), fault::malformed_frame);
  broken(frame(2, 2, head(1), "x"), fault::malformed_frame); // no channel 2
  broken(as_text(control_frame(link::hello{})), fault::malformed_frame);
  broken(as_text(control_frame(link::progress_list{{{1, 99, {}}}})),
         fault::out_of_sequence);
  broken(frame(1, 2, head(1), "x") + frame(1, 3, head(1), "x")
             + frame(1, 4, head(1), "x"),
         fault::over_credit);
}

BOOST_AUTO_TEST_CASE(unfinished_messages_may_not_fill_the_memory) {
  auto settings = plain_settings("server");
  settings.memory_bytes = 5000;
  server_peer server{settings, edge, plenty};
  watched client;
  link::endpoint endpoint{plain_settings("client")};
  client.session =
      endpoint.connect(server.address, "", client.session_events());
  client.open(1, edge);
  const auto guest = server.sessions.take();
  send_all(client, text_message(1, std::string(4000, 'x')));
  guest->messages.take();
  send_all(client, text_message(1, std::string(6000, 'x')));
  BOOST_TEST((guest->ends.take().how == end_reason::protocol_error));
  BOOST_TEST(count(server.endpoint, fault::memory_limit) == 1u);
  endpoint.stop();
}

BOOST_AUTO_TEST_CASE(too_many_sessions_are_told_to_come_later) {
  auto settings = plain_settings("server");
  settings.max_sessions = 1;
  server_peer server{settings};
  watched first;
  watched second;
  link::endpoint one{plain_settings("one")};
  auto told = plain_settings("two");
  inbox<std::string> lines;
  told.log = [&](const std::string& line) { lines.put(line); };
  link::endpoint two{told};
  first.session = one.connect(server.address, "", first.session_events());
  BOOST_TEST(first.connections.take());
  second.session = two.connect(server.address, "", second.session_events());
  BOOST_TEST(lines.take().find("too many sessions") != std::string::npos);
  first.session->close();
  BOOST_TEST((first.ends.take().how == end_reason::closed));
  BOOST_TEST(second.connections.take()); // it tried again
  one.stop();
  two.stop();
}

BOOST_AUTO_TEST_SUITE_END()
