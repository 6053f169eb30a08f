// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The door of a graph: HTTP on one side, request_sink and text_sink on the
// other. Build spawns it first (so that /health answers while models load),
// sends it `connect` once the next actor exists, and calls door::open() once
// the models are ready. Exit with user_shutdown drains, then ends.
#pragma once

#include "actors/gateway/flight_table.hpp"
#include "actors/gateway/front.hpp"
#include "actors/messages.hpp"

#include <caf/all.hpp>

#include <memory>

namespace spdlog {
class logger;
} // namespace spdlog

namespace sluice::actors {

struct gateway_settings {
  front_settings front;
  std::size_t max_in_flight = 1024;                   ///< choices; above: 429
  std::chrono::milliseconds request_timeout{600'000}; ///< when not asked less
  std::chrono::milliseconds drain_timeout{10'000};    ///< at exit
  std::shared_ptr<spdlog::logger> log = {}; ///< null: no lines per request
  /// Gets the text of requests that a host program made, by their ids.
  text_sink host = {};
};

/// To the gateway: a client went away.
struct client_gone {
  std::uint64_t id = 0; ///< submission::id
  bool too_slow = false;
};

/// To the gateway: a client does not keep up with its stream, or does again.
struct client_backlog {
  std::uint64_t id = 0; ///< submission::id
  bool much = false;
};

/// To the gateway: take no more, wait for what is in flight.
struct drain {
  std::uint32_t patience_ms = 0; ///< then what is left is given up
};

/// Reply to drain.
struct drained {
  std::uint32_t abandoned = 0; ///< HTTP requests that were given up
};

/// To the gateway, from itself: deadlines may have passed.
struct gateway_tick {};

/// To the gateway: a session was opened, so that some may grow old.
struct session_opened {};

/// To the gateway: the models need not keep a session any longer.
struct session_removed {
  std::string id;
  std::uint64_t held_by = 0; ///< an HTTP request that ends with it, or 0
};

/// To the gateway, from itself: sessions may have grown too old.
struct session_sweep {};

template <class Inspector>
auto inspect(Inspector& f, client_gone& x) {
  return f(caf::meta::type_name("client_gone"), x.id, x.too_slow);
}

template <class Inspector>
auto inspect(Inspector& f, client_backlog& x) {
  return f(caf::meta::type_name("client_backlog"), x.id, x.much);
}

template <class Inspector>
auto inspect(Inspector& f, drain& x) {
  return f(caf::meta::type_name("drain"), x.patience_ms);
}

template <class Inspector>
auto inspect(Inspector& f, drained& x) {
  return f(caf::meta::type_name("drained"), x.abandoned);
}

template <class Inspector>
auto inspect(Inspector& f, session_opened&) {
  return f(caf::meta::type_name("session_opened"));
}

template <class Inspector>
auto inspect(Inspector& f, session_removed& x) {
  return f(caf::meta::type_name("session_removed"), x.id, x.held_by);
}

template <class Inspector>
auto inspect(Inspector& f, session_sweep&) {
  return f(caf::meta::type_name("session_sweep"));
}

template <class Inspector>
auto inspect(Inspector& f, gateway_tick&) {
  return f(caf::meta::type_name("gateway_tick"));
}

} // namespace sluice::actors

// These hold the sockets of their clients: they never leave this process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::submission)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::slots_query)

namespace sluice::actors {

using gateway_actor = text_sink::extend<
    // Sends requests there from now on.
    caf::reacts_to<connect>,
    // Asks the graph for a client, or refuses.
    caf::reacts_to<submission>,
    // Cancels what the client asked for.
    caf::reacts_to<client_gone>,
    // Tells a client what the places do.
    caf::reacts_to<slots_query>,
    // Lets what the client asked for rest, or go on.
    caf::reacts_to<client_backlog>,
    // Gives up what is past its deadline.
    caf::reacts_to<gateway_tick>,
    // Sees to it that old sessions are found.
    caf::reacts_to<session_opened>,
    // Ends what the session runs and tells the models to forget it.
    caf::reacts_to<session_removed>,
    // Removes sessions that nobody called for long.
    caf::reacts_to<session_sweep>,
    // Takes no more; answers when nothing is in flight.
    caf::replies_to<drain>::with<drained>>;

/// The logic, one member per message.
struct gateway_state {
  explicit gateway_state(gateway_actor::pointer self);
  ~gateway_state();

  gateway_actor::pointer self;
  gateway_settings settings;
  std::shared_ptr<door> state;
  metrics* figures = nullptr;
  std::unique_ptr<front> http;
  request_sink next;
  flight_table flights{0};
  request_id first_request = 0;
  request_id next_request = 0;
  bool ticking = false;
  bool sweeping = false;
  bool leaving = false; ///< quit once nothing is in flight
  flight::time_point drain_until{};
  std::vector<caf::typed_response_promise<drained>> waiting;

  void take(submission from);
  void on_delta(const text_delta& delta);
  void on_gone(const client_gone& who);
  void on_slots(const slots_query& from) const;
  void on_backlog(const client_backlog& who);
  void on_tick();
  void on_next_down(const caf::error& why);
  void on_session_removed(const session_removed& what);
  void on_sweep();
  void sweep_later();
  void begin_drain(std::chrono::milliseconds patience);

private:
  void ask(flight& one);
  void on_refused(request_id id, const caf::error& why);
  void cancel_unfinished(const flight& one);
  void fail(flight& one, const api_error& error);
  void close(flight& one); ///< after its end: books, log, table
  void tick_later();
  void end_drain(std::uint32_t abandoned);
};

gateway_actor::behavior_type
gateway(gateway_actor::stateful_pointer<gateway_state> self,
        std::shared_ptr<gateway_settings> settings, std::shared_ptr<door> state,
        metrics* figures, std::shared_ptr<std::unique_ptr<front>> http);

/// A running gateway.
struct gateway_handle {
  gateway_actor actor;
  std::shared_ptr<door> state;
  transport::address listening; ///< with the port the system chose
};

/// Listens and spawns, detached: its threads wait for nobody. `figures` must
/// outlive the actor system. Throws transport::http::http_error when it cannot
/// listen.
gateway_handle spawn_gateway(caf::actor_system& system,
                             gateway_settings settings, metrics& figures);

} // namespace sluice::actors
