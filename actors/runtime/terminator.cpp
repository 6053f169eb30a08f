// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/terminator.hpp"

namespace sluice::actors {

terminator_state::terminator_state(terminator_actor::pointer self)
    : self{self} {}

caf::typed_response_promise<shutdown_done>
terminator_state::begin(shutdown order) {
  promise = self->make_response_promise<shutdown_done>();
  work = std::move(order);
  at = 0;
  result = {};
  next();
  return promise;
}

void terminator_state::next() {
  if (at == work.actors.size()) {
    work.actors.clear();
    promise.deliver(result);
    return;
  }
  const auto& who = work.actors[at];
  killing = false;
  self->monitor(who);
  self->send_exit(who, caf::exit_reason::user_shutdown);
  self->delayed_send(self, patience, patience_over{++turn});
}

void terminator_state::gone(const caf::actor_addr& who) {
  if (at < work.actors.size() && work.actors[at].address() == who) {
    ++at;
    next();
  }
}

void terminator_state::expired(std::uint64_t which) {
  if (which != turn || at >= work.actors.size() || killing)
    return;
  killing = true;
  ++result.killed;
  self->send_exit(work.actors[at], caf::exit_reason::kill);
}

terminator_actor::behavior_type
terminator(terminator_actor::stateful_pointer<terminator_state> self,
           std::chrono::milliseconds patience) {
  self->state.patience = patience;
  self->set_down_handler(
      [self](const caf::down_msg& msg) { self->state.gone(msg.source); });
  return {
      [self](shutdown& work) -> caf::result<shutdown_done> {
        if (self->state.at < self->state.work.actors.size())
          return make_error(errc::shutting_down, "a shutdown is under way");
        return self->state.begin(std::move(work));
      },
      [self](const patience_over& msg) { self->state.expired(msg.turn); },
  };
}

terminator_actor spawn_terminator(caf::actor_system& system,
                                  std::chrono::milliseconds patience) {
  return system.spawn(terminator, patience);
}

std::uint32_t stop_in_order(caf::actor_system& system,
                            std::vector<caf::actor> actors,
                            std::chrono::milliseconds patience) {
  caf::scoped_actor self{system};
  const auto stopper = spawn_terminator(system, patience);
  std::uint32_t killed = 0;
  self->request(stopper, caf::infinite, shutdown{std::move(actors)})
      .receive([&](const shutdown_done& done) { killed = done.killed; },
               [](const caf::error&) {});
  self->send_exit(stopper, caf::exit_reason::user_shutdown);
  return killed;
}

} // namespace sluice::actors
