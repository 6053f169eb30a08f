// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A model: its scheduler actor and its N stage actors. To the graph it is a
// prompt_sink that generates into a token_sink; here is how to spawn one, and
// the only place that turns a model file's sizes into limits.
#pragma once

#include "actors/messages.hpp"
#include "actors/model/scheduler.hpp"
#include "actors/runtime/metrics.hpp"
#include "actors/runtime/model_assets.hpp"
#include "actors/runtime/readiness.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace sluice::actors {

/// How much of a model's KV blocks is kept outside of their pool.
struct tier_settings {
  std::uint64_t host_bytes = 0;    ///< main memory; 0: none
  std::filesystem::path disk = {}; ///< file; "": none
  std::uint64_t disk_bytes = 0;
};

struct model_settings {
  std::string name = {};            ///< for figures; "": as the assets say
  std::uint32_t pipeline = 1;       ///< stages, 1..layers
  std::uint32_t max_running = 64;   ///< sequences in the batch, >= 1
  std::uint32_t max_waiting = 256;  ///< prompts in the queue
  std::uint32_t token_budget = 512; ///< new tokens per step, > max_running
  std::uint32_t context = 0;        ///< positions, 0: as the model was trained
  /// Bytes for keys and values of all layers; blocks that the batch could never
  /// use are not made.
  std::uint64_t kv_memory = std::uint64_t{1} << 30;
  bool prefix_cache = true;   ///< equal beginnings of prompts are computed once
  device::kv_options kv = {}; ///< how keys and values are stored and seen
  draft_limits draft = {};
  /// Proposes tokens, with as many KV blocks as the model has, in addition to
  /// kv_memory; null with lookup, or without drafts.
  model_assets_ptr draft_model = {};
  tier_settings tiers = {}; ///< only with prefix_cache
  /// How embeddings are pooled: mean or last; none: there are none.
  device::reading_kind pooling = device::reading_kind::mean;
  std::shared_ptr<spdlog::logger> log = {}; ///< null: silent
};

/// Makes a backend; called once in each stage's own thread.
using backend_factory = std::function<std::unique_ptr<device::backend>()>;

/// Limits for a model of this shape that stores K and V so. Throws
/// device::model_error naming the setting that does not fit.
scheduler_limits limits_for(const model_settings& settings,
                            const device::model_config& config,
                            device::kv_format format);

/// Layers as stages, each a device::shard on a backend of its own.
stage_loader shard_loader(model_assets_ptr assets, backend_factory backends,
                          const model_settings& settings,
                          const scheduler_limits& limits,
                          model_metrics* counts = nullptr);

/// Spawns scheduler and stages, each in a thread of its own; loading goes on in
/// the stages' threads. Prompts are queued meanwhile. `counts` and `state` must
/// outlive the actor system. Throws device::model_error for wrong settings.
prompt_sink spawn_model(caf::actor_system& system,
                        const model_settings& settings,
                        const model_assets_ptr& assets,
                        backend_factory backends, token_sink answers,
                        metrics& counts, readiness& state);

} // namespace sluice::actors
