// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/router/router.hpp"

#include <cassert>

namespace sluice::actors {

router_state::router_state(prompt_sink::pointer self) : self{self} {}

std::optional<std::size_t> router_state::choose(const prompt& wish) const {
  std::vector<double> loads;
  for (const auto& meter : meters)
    loads.push_back(meter());
  return policy.choose(wish.labels, loads);
}

prompt_sink::behavior_type
router(prompt_sink::stateful_pointer<router_state> self,
       router_settings settings, std::vector<prompt_sink> outputs) {
  for ([[maybe_unused]] const auto& rule : settings.rules)
    assert(rule.output < outputs.size());
  self->state.policy = route_policy{std::move(settings.rules)};
  self->state.meters = std::move(settings.meters);
  self->state.outputs = std::move(outputs);
  return {
      [self](prompt& wish) -> caf::result<accepted> {
        const auto& state = self->state;
        const auto to = state.choose(wish);
        if (!to)
          return make_error(errc::no_route,
                            "no rule of the router takes this prompt");
        return self->delegate(state.outputs[*to], std::move(wish));
      },
      [self](const cancel& msg) {
        for (const auto& output : self->state.outputs)
          self->send(output, msg);
      },
      [self](const hold& msg) {
        for (const auto& output : self->state.outputs)
          self->send(output, msg);
      },
      [self](const forget_session& msg) {
        for (const auto& output : self->state.outputs)
          self->send(output, msg);
      },
  };
}

prompt_sink spawn_router(caf::actor_system& system, router_settings settings,
                         std::vector<prompt_sink> outputs) {
  return system.spawn(router, std::move(settings), std::move(outputs));
}

} // namespace sluice::actors
