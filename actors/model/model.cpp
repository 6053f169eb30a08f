// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/model.hpp"

#include "actors/model/shard_engine.hpp"
#include "device/error.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace sluice::actors {

namespace {

void check(bool good, const std::string& text) {
  if (!good)
    throw device::model_error(text);
}

std::uint32_t blocks_in(std::uint64_t bytes, std::uint64_t block_bytes) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(bytes / block_bytes, 1u << 30));
}

} // namespace

namespace {

// What no layer sees may be let go: a window is one of the scheduler's only if
// every layer has one, and then the widest counts.
attention_window window_of(const device::kv_options& options,
                           const device::model_config& config) {
  attention_window widest;
  for (std::uint32_t layer = 0; layer < config.layers; ++layer) {
    const auto own = layer < config.window.size() ? config.window[layer] : 0u;
    const bool narrowed =
        options.window != 0 && (own == 0 || options.window < own);
    const auto seen = narrowed ? options.window : own;
    if (seen == 0)
      return {};
    widest.window = std::max(widest.window, seen);
    if (narrowed)
      widest.sinks = options.sinks;
  }
  return widest;
}

} // namespace

scheduler_limits limits_for(const model_settings& settings,
                            const device::model_config& config,
                            device::kv_format format) {
  check(settings.pipeline >= 1 && settings.pipeline <= config.layers,
        "pipeline: " + std::to_string(settings.pipeline)
            + " does not fit a model of " + std::to_string(config.layers)
            + " layers");
  check(settings.max_running >= 1, "max_running must be at least 1");
  check(settings.token_budget > settings.max_running,
        "token_budget (" + std::to_string(settings.token_budget)
            + ") must be greater than max_running ("
            + std::to_string(settings.max_running) + ")");
  check(settings.context == 0
            || (settings.context >= 2 && settings.context <= config.context),
        "context: " + std::to_string(settings.context)
            + " is not between 2 and the model's "
            + std::to_string(config.context));
  scheduler_limits limits;
  limits.max_running = settings.max_running;
  limits.max_waiting = settings.max_waiting;
  limits.token_budget = settings.token_budget;
  limits.plans_in_flight = settings.pipeline;
  limits.prefix_cache = settings.prefix_cache;
  limits.draft = settings.draft;
  limits.context = settings.context == 0 ? config.context : settings.context;
  // A draft model may see more than the large one, in the same blocks.
  if (!settings.draft_model)
    limits.window = window_of(settings.kv, config);
  const auto block_bytes = device::kv_block_bytes(config, format);
  const auto affordable = settings.kv_memory / block_bytes;
  check(affordable >= 1, "kv_memory: " + std::to_string(settings.kv_memory)
                             + " bytes hold no block of "
                             + std::to_string(block_bytes) + " bytes");
  const auto longest =
      limits.window.most_blocks(limits.context, limits.token_budget);
  const auto useful = std::uint64_t{limits.max_running} * longest;
  limits.host_blocks = blocks_in(settings.tiers.host_bytes, block_bytes);
  if (!settings.tiers.disk.empty())
    limits.disk_blocks = blocks_in(settings.tiers.disk_bytes, block_bytes);
  limits.kv_blocks = static_cast<std::uint32_t>(std::min(affordable, useful));
  // What the blocks cannot hold is no context.
  const auto held = std::uint64_t{limits.kv_blocks} * device::block_tokens;
  if (limits.kv_blocks < longest)
    limits.context = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limits.context, held));
  return limits;
}

namespace {

// The part of the tiers that is a stage's: its layers' share of the disk, in a
// file of its own.
device::kv_tier_settings tiers_of(const model_settings& settings,
                                  const scheduler_limits& limits,
                                  const device::model_config& config,
                                  std::uint32_t index,
                                  device::layer_range layers) {
  device::kv_tier_settings out;
  out.host_blocks = limits.host_blocks;
  out.disk = settings.tiers.disk;
  if (!out.disk.empty() && settings.pipeline > 1)
    out.disk += "." + std::to_string(index);
  out.disk_bytes =
      settings.tiers.disk_bytes / config.layers * (layers.last - layers.first);
  out.tell = [](const std::string& text) { spdlog::warn("{}", text); };
  return out;
}

} // namespace

stage_loader shard_loader(model_assets_ptr assets, backend_factory backends,
                          const model_settings& settings,
                          const scheduler_limits& limits,
                          model_metrics* counts) {
  const auto& config = assets->files.config();
  std::vector<engine_settings> stages;
  for (const auto layers :
       device::split_layers(config.layers, settings.pipeline)) {
    engine_settings one;
    one.layers = layers;
    one.kv_blocks = limits.kv_blocks;
    one.kv = settings.kv;
    if (limits.prefix_cache)
      one.tiers = tiers_of(settings, limits, config,
                           static_cast<std::uint32_t>(stages.size()), layers);
    one.counts = counts;
    stages.push_back(std::move(one));
  }
  return [=](std::uint32_t index, const device::shard::progress& report) {
    return make_shard_engine(assets, backends(), stages.at(index), report);
  };
}

namespace {

stage_loader draft_loader(const model_assets& large,
                          const model_assets_ptr& small,
                          const backend_factory& backends,
                          std::uint32_t kv_blocks,
                          const device::kv_options& options) {
  const auto wanted = large.files.config().vocabulary;
  const auto given = small->files.config().vocabulary;
  check(wanted == given, "draft: model '" + small->name + "' has "
                             + std::to_string(given) + " tokens, but '"
                             + large.name + "' has " + std::to_string(wanted));
  model_settings one; // no tiers: the large model's blocks alone come back
  one.kv = options;
  scheduler_limits limits;
  limits.kv_blocks = kv_blocks;
  const auto whole = shard_loader(small, backends, one, limits);
  return [whole](std::uint32_t, const device::shard::progress& report) {
    return whole(0, report);
  };
}

} // namespace

prompt_sink spawn_model(caf::actor_system& system,
                        const model_settings& settings,
                        const model_assets_ptr& assets,
                        backend_factory backends, token_sink answers,
                        metrics& counts, readiness& state) {
  const auto& config = assets->files.config();
  scheduler_settings scheduling;
  scheduling.name = settings.name.empty() ? assets->name : settings.name;
  const auto format =
      settings.kv.format.value_or(device::kv_format_of(assets->files));
  scheduling.limits = limits_for(settings, config, format);
  scheduling.end_tokens = config.end_tokens;
  scheduling.identity.model = assets->name;
  scheduling.grammars = [assets](const device::grammar_source& source) {
    return assets->grammars->get(source);
  };
  scheduling.stages = settings.pipeline;
  scheduling.pooling = settings.pooling;
  if (settings.draft_model)
    scheduling.load_draft =
        draft_loader(*assets, settings.draft_model, backends,
                     scheduling.limits.kv_blocks, settings.kv);
  scheduling.answers = std::move(answers);
  scheduling.log = settings.log;
  scheduling.counts = &counts.model(scheduling.name);
  scheduling.load = shard_loader(assets, std::move(backends), settings,
                                 scheduling.limits, scheduling.counts);
  scheduling.state = &state;
  scheduling.slot = state.add(scheduling.name);
  return system.spawn<caf::detached>(scheduler, std::move(scheduling));
}

} // namespace sluice::actors
