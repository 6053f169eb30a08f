// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One stage of a model: a thread of its own that loads a range of layers, then
// runs plans in the order they come and passes them on. Spawned by the model's
// scheduler.
#pragma once

#include "actors/messages.hpp"
#include "actors/model/draft_work.hpp"
#include "actors/model/stage_work.hpp"

#include <atomic>
#include <memory>
#include <optional>

namespace sluice::actors {

struct stage_settings {
  std::uint32_t index = 0;
  stage_loader load;
  std::vector<std::int32_t> end_tokens;
  grammar_finder grammars;
  stage_actor next; ///< empty: this is the last stage
  model_actor scheduler;
  bool drafts = false; ///< it proposes tokens to the stages after it
  /// Set when the model is to go away: loading stops at the next layer, also
  /// one that a plan loads.
  std::shared_ptr<const std::atomic<bool>> stop;
};

struct stage_state {
  explicit stage_state(stage_actor::pointer self);

  /// Makes the engine and tells the scheduler how it went.
  void load();
  /// Loads a layer and asks for the next one.
  void load_next();
  /// Runs one plan and passes it on.
  void run(stage_pass& pass);
  /// Fills drafts into one plan and passes it on. A draft model that fails is
  /// given up: what it should have drafted is refused like any wrong draft.
  void propose(stage_pass& pass);

  static inline const char* name = "stage";
  stage_actor::pointer self;
  stage_settings settings;
  std::optional<stage_work> work;  // empty when loading failed
  std::optional<draft_work> draft; // instead, where it drafts
};

stage_actor::behavior_type
stage(stage_actor::stateful_pointer<stage_state> self, stage_settings settings);

} // namespace sluice::actors
