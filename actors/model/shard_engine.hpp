// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The engine behind a stage of a real model: a device::shard, and the tiers for
// its KV blocks. Made in the stage's own thread. Knows no actor.
#pragma once

#include "actors/model/stage_work.hpp"
#include "actors/runtime/metrics.hpp"
#include "actors/runtime/model_assets.hpp"
#include "device/kv/kv_tiers.hpp"

#include <memory>

namespace sluice::actors {

/// What one stage's engine is made of.
struct engine_settings {
  device::layer_range layers;
  std::uint32_t kv_blocks = 0;
  device::kv_options kv;
  device::kv_tier_settings tiers;  ///< of this stage alone
  model_metrics* counts = nullptr; ///< null: nobody counts; outlives the engine
};

/// Opens the tiers, if there are any to open; the weights come with load_next,
/// or with the first plan; then and now `report` hears of them. Throws
/// device::model_error.
std::unique_ptr<stage_engine> make_shard_engine(
    model_assets_ptr assets, std::unique_ptr<device::backend> backend,
    const engine_settings& settings, const device::shard::progress& report);

} // namespace sluice::actors
