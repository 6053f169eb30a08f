// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/model.hpp"

#include "device/error.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

void check(bool good, const std::string& text) {
  if (!good)
    throw device::model_error(text);
}

class shard_engine : public stage_engine {
public:
  shard_engine(model_assets_ptr assets,
               std::unique_ptr<device::backend> backend,
               device::layer_range layers, std::uint32_t kv_blocks,
               const device::shard::progress& report,
               const device::kv_options& options)
      : assets_{std::move(assets)}, backend_{std::move(backend)},
        shard_{assets_->files, *backend_, layers, kv_blocks, report, options} {}

  std::vector<float> forward(std::span<const device::sequence_step> steps,
                             std::vector<float>& hidden) override {
    return shard_.forward(steps, hidden);
  }

  void copy_block(std::uint32_t from, std::uint32_t to) override {
    shard_.copy_block(from, to);
  }

private:
  model_assets_ptr assets_; // the shard's tensors lie in its files
  std::unique_ptr<device::backend> backend_;
  device::shard shard_;
};

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
  limits.kv_blocks = static_cast<std::uint32_t>(std::min(affordable, useful));
  // What the blocks cannot hold is no context.
  const auto held = std::uint64_t{limits.kv_blocks} * device::block_tokens;
  if (limits.kv_blocks < longest)
    limits.context = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limits.context, held));
  return limits;
}

stage_loader shard_loader(model_assets_ptr assets, backend_factory backends,
                          std::uint32_t stages, std::uint32_t kv_blocks,
                          const device::kv_options& options) {
  const auto ranges =
      device::split_layers(assets->files.config().layers, stages);
  return [=](std::uint32_t index, const device::shard::progress& report) {
    return std::make_unique<shard_engine>(assets, backends(), ranges.at(index),
                                          kv_blocks, report, options);
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
  const auto whole = shard_loader(small, backends, 1, kv_blocks, options);
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
  if (settings.draft_model)
    scheduling.load_draft =
        draft_loader(*assets, settings.draft_model, backends,
                     scheduling.limits.kv_blocks, settings.kv);
  scheduling.load = shard_loader(assets, std::move(backends), settings.pipeline,
                                 scheduling.limits.kv_blocks, settings.kv);
  scheduling.answers = std::move(answers);
  scheduling.counts = &counts.model(scheduling.name);
  scheduling.state = &state;
  scheduling.slot = state.add(scheduling.name);
  return system.spawn<caf::detached>(scheduler, std::move(scheduling));
}

} // namespace sluice::actors
