// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// postprocess: turns the tokens of many answers into text deltas for the
// gateway. A stop string ends an answer here, and the model that still runs it
// is told to cancel.
#pragma once

#include "actors/messages.hpp"
#include "actors/postprocess/answer_stream.hpp"
#include "actors/runtime/credit_window.hpp"
#include "actors/runtime/model_assets.hpp"

#include <unordered_map>

namespace sluice::actors {

struct postprocess_state {
  explicit postprocess_state(token_sink::pointer self);

  void begin(generation msg);
  void take(step_output& msg);
  /// Grants the sender of the current message credit when it is time.
  void grant();

  static inline const char* name = "postprocess";
  token_sink::pointer self;
  model_assets_ptr assets;
  text_sink next;
  std::unordered_map<request_id, answer_stream> answers;
  std::unordered_map<caf::actor_id, credit_meter> meters; // per model
};

token_sink::behavior_type
postprocess(token_sink::stateful_pointer<postprocess_state> self,
            model_assets_ptr assets, text_sink next);

/// `next` gets all deltas; it is the gateway, spawned before.
token_sink spawn_postprocess(caf::actor_system& system, model_assets_ptr assets,
                             text_sink next);

} // namespace sluice::actors
