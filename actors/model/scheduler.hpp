// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The scheduler actor of a model: a thin shell around batch_scheduler that owns
// the stages, gives them plans and passes tokens on. A thread of its own, since
// every step waits for it.
#pragma once

#include "actors/messages.hpp"
#include "actors/model/answer_clock.hpp"
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/pace_meter.hpp"
#include "actors/model/stage.hpp"
#include "actors/runtime/credit_window.hpp"
#include "actors/runtime/metrics.hpp"
#include "actors/runtime/readiness.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace spdlog {
class logger;
} // namespace spdlog

namespace sluice::actors {

struct scheduler_settings {
  std::string name; ///< the model's, for messages
  scheduler_limits limits;
  std::vector<std::int32_t> end_tokens;
  cache_identity identity;
  grammar_finder grammars; ///< empty: requests with a grammar fail
  std::uint32_t stages = 1;
  stage_loader load;
  stage_loader load_draft;     ///< a draft stage's engine; empty: there is none
  bool detached_stages = true; ///< false only where a test steps actors itself
  /// How a prompt's embedding is pooled: mean or last; none: not at all.
  device::reading_kind pooling = device::reading_kind::none;
  token_sink answers;
  model_metrics* counts = nullptr; ///< outlives the actor
  readiness* state = nullptr;      ///< outlives the actor
  std::size_t slot = 0;            ///< of this model in `state`
  std::function<instant()> now = std::chrono::system_clock::now;
  std::shared_ptr<spdlog::logger> log; ///< null: silent
};

struct scheduler_state {
  explicit scheduler_state(model_actor::pointer self);
  ~scheduler_state();

  void begin(scheduler_settings given);
  void begin_draft();
  caf::result<accepted> take(prompt& wish);
  void loaded(const stage_loaded& msg);
  void note_stored(std::span<const chain_key> keys);
  void progressed(const load_progress& msg);
  /// Announces the model once all weights are in. Plans run before.
  void settle();
  /// Gives the stages all plans that there are.
  void pump();
  /// Passes on what was generated, as credit allows.
  void flush();
  /// Ends what is late and sees to it that the next deadline is not missed.
  void watch_deadlines();
  void fail(errc code, const std::string& text);
  void stop(caf::error reason);
  void stage_gone(const caf::down_msg& msg);
  void count();
  /// Writes into the outbox where the time went.
  void stamp();
  model_status status() const;

  static inline const char* name = "model";
  model_actor::pointer self;
  scheduler_settings settings;
  std::unique_ptr<batch_scheduler> batches;
  std::vector<stage_actor> stages;
  std::shared_ptr<std::atomic<bool>> stop_loading;
  std::vector<load_progress> progress;          // per stage
  std::uint32_t stages_loaded = 0;              // that can run plans
  bool all_in = false;                          // the weights
  std::optional<std::vector<chain_key>> stored; // by all stages loaded so far
  std::uint32_t stages_gone = 0;
  std::string failure;            // why no prompt is taken any more, or ""
  std::optional<caf::error> exit; // set while stopping
  std::vector<generated> outbox;  // bounded by the running set: no credit, no
                                  // plan
  pace_meter meter;
  credit_window credits{step_window};
  answer_clock times;
  std::optional<instant> alarm; // when the next deadline_check comes
};

model_actor::behavior_type
scheduler(model_actor::stateful_pointer<scheduler_state> self,
          scheduler_settings settings);

} // namespace sluice::actors
