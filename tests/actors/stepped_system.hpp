// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An actor system that runs only when a test says so, with time advanced by
// hand. Fixture of actor tests.
#pragma once

#include "actors/messages.hpp"

#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>
#include <vector>

namespace sluice::actors {

struct stepped_config : caf::actor_system_config {
  stepped_config() { set("scheduler.policy", caf::atom("testing")); }
};

struct stepped_system {
  stepped_system()
      : system{config}, sched{dynamic_cast<caf::scheduler::test_coordinator&>(
                            system.scheduler())},
        self{system} {}

  ~stepped_system() {
    for (const auto& one : started)
      self->send_exit(one, caf::exit_reason::user_shutdown);
    sched.run();
  }

  /// Sends and runs until nothing is left to do.
  template <class Handle, class... Ts>
  void tell(const Handle& to, Ts&&... xs) {
    self->send(to, std::forward<Ts>(xs)...);
    sched.run();
  }

  /// Sends a request, runs, and returns the error, if that is the answer.
  template <class Reply, class Handle, class T>
  caf::expected<Reply> ask(const Handle& to, T&& what) {
    auto pending =
        self->request(to, std::chrono::seconds{1}, std::forward<T>(what));
    sched.run();
    caf::expected<Reply> out{caf::sec::request_timeout};
    pending.receive([&](const Reply& reply) { out = reply; },
                    [&](const caf::error& error) { out = error; });
    return out;
  }

  /// Ends the actor with the fixture.
  template <class Handle>
  Handle keep(Handle one) {
    started.push_back(caf::actor_cast<caf::actor>(one));
    return one;
  }

  stepped_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& sched;
  caf::scoped_actor self;
  std::vector<caf::actor> started;
};

} // namespace sluice::actors
