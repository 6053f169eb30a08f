// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/postprocess.hpp"

namespace sluice::actors {

postprocess_state::postprocess_state(token_sink::pointer self) : self{self} {}

void postprocess_state::begin(generation msg) {
  const auto id = msg.id;
  answers.insert_or_assign(id, answer_stream{assets->tokens, std::move(msg)});
}

void postprocess_state::take(step_output& msg) {
  for (auto& one : msg.answers) {
    const auto at = answers.find(one.id);
    if (at == answers.end())
      continue; // ended by a stop string; the model did not know yet
    const auto id = one.id;
    auto delta = at->second.push(std::move(one));
    if (!delta)
      continue;
    if (delta->finish != finish_reason::none) {
      if (at->second.stopped_early())
        caf::anon_send(caf::actor_cast<caf::actor>(self->current_sender()),
                       cancel{id});
      answers.erase(at);
    }
    self->send(next, std::move(*delta));
  }
  grant();
}

void postprocess_state::grant() {
  const auto& sender = self->current_sender();
  if (!sender)
    return;
  auto& meter = meters.try_emplace(sender->id(), step_window).first->second;
  if (const auto count = meter.consume(); count > 0)
    caf::anon_send(caf::actor_cast<caf::actor>(sender), credit{count});
}

token_sink::behavior_type
postprocess(token_sink::stateful_pointer<postprocess_state> self,
            model_assets_ptr assets, text_sink next) {
  self->state.assets = std::move(assets);
  self->state.next = std::move(next);
  return {
      [self](generation& msg) { self->state.begin(std::move(msg)); },
      [self](step_output& msg) { self->state.take(msg); },
  };
}

token_sink spawn_postprocess(caf::actor_system& system, model_assets_ptr assets,
                             text_sink next) {
  return system.spawn(postprocess, std::move(assets), std::move(next));
}

} // namespace sluice::actors
