// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// preprocess: labels a request, renders its conversation with the model's chat
// template and tokenizes it. How long a prompt may be is not checked here: the
// model does, which alone knows its context and blocks.
#pragma once

#include "actors/messages.hpp"
#include "actors/preprocess/label_rules.hpp"
#include "actors/runtime/model_assets.hpp"

#include <optional>
#include <vector>

namespace sluice::actors {

struct preprocess_settings {
  std::vector<label_rule> labels;
  /// Nothing: what the model's chat template says.
  std::optional<tool_convention> tool_calls;
};

struct preprocess_state {
  explicit preprocess_state(request_sink::pointer self);

  /// The prompt for a request. `now` is what a template may print. Errors:
  /// bad_request, template_failed, deadline_exceeded.
  caf::expected<prompt> prepare(request wish, instant now) const;

  static inline const char* name = "preprocess";
  model_assets_ptr assets;
  label_rules rules{{}};
  tool_convention calls = tool_convention::hermes;
  prompt_sink next;

private:
  std::vector<std::int32_t> tokenize(const request& wish, instant now,
                                     std::string& seen) const;
};

request_sink::behavior_type
preprocess(request_sink::stateful_pointer<preprocess_state> self,
           preprocess_settings settings, model_assets_ptr assets,
           prompt_sink next);

/// Throws device::model_error when a label rule is wrong.
request_sink spawn_preprocess(caf::actor_system& system,
                              preprocess_settings settings,
                              model_assets_ptr assets, prompt_sink next);

} // namespace sluice::actors
