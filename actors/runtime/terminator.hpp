// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Ordered shutdown as an actor: stops a list of actors one after another along
// the graph, awaits each, and kills what does not go within its patience. Used
// by programs and tests when a graph ends.
#pragma once

#include "actors/messages.hpp"

#include <chrono>

namespace sluice::actors {

struct terminator_state {
  explicit terminator_state(terminator_actor::pointer self);

  /// Begins to stop `work.actors`; the reply comes when all are gone.
  caf::typed_response_promise<shutdown_done> begin(shutdown work);
  /// Stops the next actor, or answers when there is none.
  void next();
  /// The awaited actor is gone.
  void gone(const caf::actor_addr& who);
  /// Patience for actor number `turn` is over: kill it if it still lives.
  void expired(std::uint64_t turn);

  static inline const char* name = "terminator";
  terminator_actor::pointer self;
  std::chrono::milliseconds patience{};
  shutdown work;
  std::size_t at = 0;     // index into work.actors of the one awaited
  std::uint64_t turn = 0; // counts awaited actors over all shutdowns
  bool killing = false;   // the one awaited was told to die
  shutdown_done result;
  caf::typed_response_promise<shutdown_done> promise;
};

// An argument besides self, for CAF 0.17's spawn without one binds a reference
// to nothing.
terminator_actor::behavior_type
terminator(terminator_actor::stateful_pointer<terminator_state> self,
           std::chrono::milliseconds patience);

/// Each actor has `patience` to go; then it is killed.
terminator_actor spawn_terminator(caf::actor_system& system,
                                  std::chrono::milliseconds patience);

/// Stops `actors` in order and waits: for callers that are no actors. Returns
/// how many had to be killed.
std::uint32_t stop_in_order(caf::actor_system& system,
                            std::vector<caf::actor> actors,
                            std::chrono::milliseconds patience);

} // namespace sluice::actors
