// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The router: passes each prompt to one of its outputs, by route_policy. It
// keeps no table of who went where: a cancel goes to every output, and those
// that do not know the request ignore it.
#pragma once

#include "actors/messages.hpp"
#include "actors/router/route_policy.hpp"

#include <functional>
#include <vector>

namespace sluice::actors {

struct router_settings {
  /// Each rule's output is an index into the outputs given to spawn_router.
  std::vector<route_rule> rules;
  /// Loads that the rules compare, read for each prompt; thread-safe.
  std::vector<std::function<double()>> meters;
};

struct router_state {
  explicit router_state(prompt_sink::pointer self);

  static inline const char* name = "router";
  prompt_sink::pointer self;
  route_policy policy{{}};
  std::vector<std::function<double()>> meters;
  std::vector<prompt_sink> outputs;

  std::optional<std::size_t> choose(const prompt& wish) const;
};

prompt_sink::behavior_type
router(prompt_sink::stateful_pointer<router_state> self,
       router_settings settings, std::vector<prompt_sink> outputs);

/// `outputs` in the order that the rules' indices mean.
prompt_sink spawn_router(caf::actor_system& system, router_settings settings,
                         std::vector<prompt_sink> outputs);

} // namespace sluice::actors
