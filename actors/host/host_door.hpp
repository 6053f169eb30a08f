// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The door of a host program: what the gateway is for HTTP. It sends requests
// into the graph and hands their text to callbacks. Stands beside a gateway, or
// in its place. Callbacks come one at a time on the door's own thread; one that
// throws ends its request, and no other.
#pragma once

#include "actors/host/edge_message.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace sluice::actors {

/// Gets the text of one request; the delta with `finish` set is the last.
using delta_sink = std::function<void(const text_delta&)>;

struct host_door_settings {
  std::size_t max_in_flight = 1024;
  std::function<void(const std::string&)> log; ///< hears what callbacks throw
};

/// To the door: ask the graph this.
struct host_submission {
  edge_message what; ///< a request or a prompt
  instant deadline;
  caf::actor to; ///< where it enters; null: where the flow begins
  std::shared_ptr<delta_sink> show;
};

/// To the door: the host lost interest.
struct host_cancel {
  request_id id = 0;
};

/// To the door: take no more; reply when nothing is in flight.
struct host_drain {
  std::uint32_t patience_ms = 0; ///< then what is left is given up
};

/// Reply to host_drain.
struct host_drained {
  std::uint32_t abandoned = 0;
};

/// To the door, from itself: a deadline may have passed.
struct host_tick {};

template <class Inspector>
auto inspect(Inspector& f, host_cancel& x) {
  return f(caf::meta::type_name("host_cancel"), x.id);
}

template <class Inspector>
auto inspect(Inspector& f, host_drain& x) {
  return f(caf::meta::type_name("host_drain"), x.patience_ms);
}

template <class Inspector>
auto inspect(Inspector& f, host_drained& x) {
  return f(caf::meta::type_name("host_drained"), x.abandoned);
}

template <class Inspector>
auto inspect(Inspector& f, host_tick&) {
  return f(caf::meta::type_name("host_tick"));
}

} // namespace sluice::actors

// Holds a callback into this process.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(sluice::actors::host_submission)

namespace sluice::actors {

using host_door_actor = text_sink::extend<
    // Sends requests there from now on.
    caf::reacts_to<connect>,
    // Asks the graph, or ends the request with the reason why not.
    caf::reacts_to<host_submission>,
    // Cancels; the callback hears of it.
    caf::reacts_to<host_cancel>,
    // Gives up what is past its deadline.
    caf::reacts_to<host_tick>,
    // Takes no more; answers when nothing is in flight.
    caf::replies_to<host_drain>::with<host_drained>>;

struct host_door_state {
  explicit host_door_state(host_door_actor::pointer self);
  ~host_door_state();

  void take(host_submission& from);
  void on_delta(const text_delta& delta);
  /// Ends a request with an error that the graph did not tell.
  void end(request_id id, errc code, std::string text);
  void on_tick();
  void on_next_down();
  caf::typed_response_promise<host_drained>
  begin_drain(std::chrono::milliseconds patience);
  void count() const;

  static inline const char* name = "host-door";
  host_door_actor::pointer self;
  host_door_settings settings;
  std::shared_ptr<std::atomic<std::size_t>> in_flight;
  request_sink next;

private:
  struct flight {
    std::shared_ptr<delta_sink> show;
    instant deadline;
    caf::actor to;
  };
  using flight_map = std::unordered_map<request_id, flight>;

  void show(const delta_sink& sink, const text_delta& delta);
  void erase(flight_map::iterator at);
  void tick_later();
  void end_drain(std::uint32_t abandoned);

  flight_map flights_;
  std::set<std::pair<instant, request_id>> deadlines_;
  bool draining_ = false;
  bool ticking_ = false;
  instant drain_until_{};
  std::vector<caf::typed_response_promise<host_drained>> waiting_;
};

struct host_door_handle {
  host_door_actor actor;
  std::shared_ptr<std::atomic<std::size_t>> in_flight; ///< requests
};

/// Detached: callbacks may block, which delays other callbacks and no actor.
host_door_handle spawn_host_door(caf::actor_system& system,
                                 host_door_settings settings);

} // namespace sluice::actors
