// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Two endpoints on loopback, and sessions between them whose events can be
// awaited.
#pragma once

#include "inbox.hpp"
#include "transport/link/endpoint.hpp"

#include <map>
#include <memory>
#include <thread>

namespace sluice::test {

namespace link = transport::link;

inline link::endpoint_settings plain_settings(const std::string& node) {
  link::endpoint_settings out;
  out.node = node;
  out.cluster = "test";
  out.insecure = true;
  out.first_backoff = std::chrono::milliseconds{1};
  out.last_backoff = std::chrono::milliseconds{20};
  return out;
}

/// One side of a session: a channel's messages, in the order they came.
struct watched {
  struct end {
    link::end_reason how;
    std::string why;
  };
  inbox<bool> connections;
  inbox<end> ends;
  inbox<link::message> messages;
  inbox<bool> credits;
  inbox<link::end_reason> channel_ends;
  inbox<std::string> announced;
  std::shared_ptr<link::session> session;
  std::shared_ptr<link::channel> channel;

  link::session_events session_events() {
    return {[this](std::uint32_t number, const std::string& name) {
              announced.put(std::to_string(number) + " " + name);
            },
            [this](bool up) { connections.put(up); },
            [this](link::end_reason how, const std::string& why) {
              ends.put({how, why});
            }};
  }
  link::channel_events channel_events() {
    return {[this](link::message what) { messages.put(std::move(what)); },
            [this] { credits.put(true); },
            [this](link::end_reason how) { channel_ends.put(how); }};
  }
  std::shared_ptr<link::channel> open(std::uint32_t number,
                                      link::channel_options options) {
    channel = session->open(number, std::move(options), channel_events());
    return channel;
  }
};

/// A listening endpoint that keeps its sessions in the order they came, each
/// with channel 1 open under `name` when there is one.
class server_peer {
public:
  explicit server_peer(link::endpoint_settings settings,
                       std::optional<link::channel_options> channel = {},
                       link::credit grant = {},
                       transport::address where = {"127.0.0.1", 0})
      : endpoint{std::move(settings)} {
    address = endpoint.listen(
        where,
        [this, channel, grant](const std::shared_ptr<link::session>& session) {
          auto guest = std::make_shared<watched>();
          guest->session = session;
          if (channel)
            guest->open(1, *channel)->grant(grant);
          sessions.put(guest);
          kept.push_back(guest);
          return guest->session_events();
        });
  }
  ~server_peer() { endpoint.stop(); }

  std::vector<std::shared_ptr<watched>> kept; // outlives the endpoint's threads
  inbox<std::shared_ptr<watched>> sessions;
  link::endpoint endpoint;
  transport::address address;
};

/// Sends as soon as there is credit for it.
inline void send_all(watched& from, link::message what) {
  for (;;) {
    switch (from.channel->send(std::move(what))) {
    case link::send_status::sent:
      return;
    case link::send_status::no_credit:
      from.credits.take();
      break;
    default:
      throw std::runtime_error{"the channel takes nothing"};
    }
  }
}

inline link::message text_message(std::uint32_t kind, std::string_view body,
                                  std::string_view attachment = {}) {
  link::message out;
  out.kind = kind;
  out.body = link::buffer::copy_of(body);
  out.attachment = link::buffer::copy_of(attachment);
  return out;
}

inline constexpr link::credit plenty{1'000'000, std::uint64_t{1} << 40};

} // namespace sluice::test
