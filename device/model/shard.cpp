// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/shard.hpp"

#include "device/error.hpp"
#include "device/model/activations.hpp"
#include "device/model/attention_block.hpp"
#include "device/model/feed_forward.hpp"
#include "device/model/shard_weights.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::device {

namespace {

[[maybe_unused]] bool blocks_exist(std::span<const sequence_step> steps,
                                   std::uint32_t kv_blocks) {
  return std::all_of(steps.begin(), steps.end(), [&](const auto& step) {
    return std::all_of(step.blocks.begin(), step.blocks.end(),
                       [&](std::uint32_t block) {
                         return block < kv_blocks || block == no_block;
                       });
  });
}

// What the tokens of each layer see: the model's own window or the narrower one
// that was asked for.
std::vector<layer_sight> sights_of(const model_config& config,
                                   const kv_options& options) {
  std::vector<layer_sight> out(config.layers);
  for (std::size_t layer = 0; layer < out.size(); ++layer) {
    const auto own = layer < config.window.size() ? config.window[layer] : 0u;
    if (options.window != 0 && (own == 0 || options.window < own))
      out[layer] = {options.window, options.sinks};
    else
      out[layer] = {own, 0};
  }
  return out;
}

} // namespace

struct shard::impl {
  impl(const model_files& files, backend& device, layer_range layers,
       std::uint32_t kv_blocks, const progress& report,
       const kv_options& options);

  kv_view kv_of(std::size_t index) const;
  std::size_t layer_block_bytes() const {
    return device.kv_block_bytes(config.kv_heads, config.head_dim, format);
  }
  void take_input(std::span<const sequence_step> steps,
                  const batch_layout& batch, std::span<const float> hidden);
  void run_layers(const batch_layout& batch);
  void give_output(const batch_layout& batch, std::vector<float>& hidden);
  float* finish(const batch_layout& batch);
  std::vector<float> logits_of(const float* states, std::size_t rows);
  void hand_out(std::span<const sequence_step> steps, const float* states,
                const row_sink& sink);

  const model_files& files;
  backend& device;
  model_config config;
  layer_range layers;
  kv_options options;
  std::vector<layer_sight> sights; // of all the model's layers
  std::uint32_t kv_blocks;
  kv_format format;
  shard_weights weights;
  std::vector<std::unique_ptr<device_memory>> kv;
  tensor_view embedding; // first shard: rows are read from the file
  activations memory;
};

shard::impl::impl(const model_files& files_in, backend& device_in,
                  layer_range layers_in, std::uint32_t kv_blocks_in,
                  const progress& report, const kv_options& options_in)
    : files(files_in), device(device_in), config(files.config()),
      layers(layers_in), options(options_in),
      sights(sights_of(config, options)), kv_blocks(kv_blocks_in),
      format(options.format.value_or(kv_format_of(files))),
      weights(files, device, layers, report) {
  assert(layers.first < layers.last && layers.last <= config.layers);
  assert(kv_blocks >= 1);
  const auto floats =
      device.kv_floats(kv_blocks, config.kv_heads, config.head_dim, format);
  for (auto layer = layers.first; layer < layers.last; ++layer)
    kv.push_back(device.allocate(floats));
  if (layers.first == 0)
    embedding = files.require(tensor_role::token_embedding);
}

kv_view shard::impl::kv_of(std::size_t index) const {
  return {kv[index]->data(), kv_blocks, config.kv_heads, config.head_dim,
          format};
}

// Fills the residual stream: embeddings, or the previous shard's output.
void shard::impl::take_input(std::span<const sequence_step> steps,
                             const batch_layout& batch,
                             std::span<const float> hidden) {
  float* x = memory.hidden.at_least(device, batch.rows() * config.width);
  if (layers.first > 0) {
    assert(hidden.size() == batch.rows() * config.width);
    device.write(x, hidden);
    return;
  }
  std::vector<std::int32_t> ids;
  ids.reserve(batch.rows());
  for (const auto& step : steps)
    ids.insert(ids.end(), step.tokens.begin(), step.tokens.end());
  assert(std::all_of(ids.begin(), ids.end(), [&](std::int32_t id) {
    return id >= 0 && static_cast<std::uint32_t>(id) < config.vocabulary;
  }));
  device.embed(x, embedding, ids, config.embedding_scale);
}

// All layers on the residual stream; the model's very last feed-forward block
// is left to finish().
void shard::impl::run_layers(const batch_layout& batch) {
  float* x = memory.hidden.at_least(device, batch.rows() * config.width);
  for (std::size_t i = 0; i < weights.layers(); ++i) {
    const auto layer = layers.first + static_cast<std::uint32_t>(i);
    const auto& own = weights.layer(i);
    run_attention_block(device, config, layer, own, sights[layer], kv_of(i),
                        batch, memory);
    if (layer + 1 < config.layers)
      run_feed_forward(device, config, own, x, batch.rows(), memory);
  }
}

void shard::impl::give_output(const batch_layout& batch,
                              std::vector<float>& hidden) {
  const auto floats = batch.rows() * config.width;
  hidden.resize(floats);
  device.read(hidden, memory.hidden.at_least(device, floats));
}

// Final states of the output rows, then of those to read, [both, width], or
// null: after the last attention no other row matters, so the last feed-forward
// block runs for these alone.
float* shard::impl::finish(const batch_layout& batch) {
  auto wanted = batch.output_rows;
  wanted.insert(wanted.end(), batch.read_rows.begin(), batch.read_rows.end());
  if (wanted.empty())
    return nullptr;
  const float* x = memory.hidden.at_least(device, 0);
  float* rows = memory.wanted.at_least(device, wanted.size() * config.width);
  device.gather_rows(rows, x, wanted, config.width);
  run_feed_forward(device, config, weights.layer(weights.layers() - 1), rows,
                   wanted.size(), memory);
  device.rms_norm(rows, rows, weights.output_norm().data(), config.norm_epsilon,
                  wanted.size(), config.width);
  return rows;
}

// states [rows, width] -> logits [rows, vocabulary].
std::vector<float> shard::impl::logits_of(const float* states,
                                          std::size_t rows) {
  if (rows == 0)
    return {};
  const auto floats = rows * config.vocabulary;
  float* logits = memory.logits.at_least(device, floats);
  weights.output().apply(device, logits, states, rows);
  if (config.final_softcap > 0.0f)
    device.softcap(logits, config.final_softcap, floats);
  std::vector<float> out(floats);
  device.read(out, logits);
  return out;
}

// states [rows to read of all steps, width].
void shard::impl::hand_out(std::span<const sequence_step> steps,
                           const float* states, const row_sink& sink) {
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const auto& [kind, first, count] = steps[i].read;
    for (std::uint32_t done = 0; done < count;) {
      const auto rows = std::min(count - done, slice_rows);
      std::vector<float> values;
      if (kind == row_kind::logits) {
        values = logits_of(states, rows);
      } else {
        values.resize(rows * config.width);
        device.read(values, states);
      }
      sink({i, first + done, rows, values});
      states += rows * config.width;
      done += rows;
    }
  }
}

shard::shard(const model_files& files, backend& device, layer_range layers,
             std::uint32_t kv_blocks, const progress& report,
             const kv_options& options, loading when)
    : impl_(std::make_unique<impl>(files, device, layers, kv_blocks, report,
                                   options)) {
  while (when == loading::at_once && load_next()) {
  }
}

shard::~shard() = default;
shard::shard(shard&&) noexcept = default;

bool shard::first() const noexcept {
  return impl_->layers.first == 0;
}

bool shard::last() const noexcept {
  return impl_->layers.last == impl_->config.layers;
}

bool shard::load_next() {
  return impl_->weights.load_next();
}

std::uint64_t shard::weight_bytes() const noexcept {
  return impl_->weights.matrix_bytes();
}

std::vector<float> shard::forward(std::span<const sequence_step> steps,
                                  std::vector<float>& hidden,
                                  const row_sink& sink) {
  assert(blocks_exist(steps, impl_->kv_blocks));
  const auto batch = lay_out(steps);
  if (batch.rows() == 0)
    return {};
  impl_->take_input(steps, batch, hidden);
  impl_->run_layers(batch);
  if (!last()) {
    impl_->give_output(batch, hidden);
    return {};
  }
  const auto* states = impl_->finish(batch);
  const auto outputs = batch.output_rows.size();
  auto logits = impl_->logits_of(states, outputs);
  if (!batch.read_rows.empty()) {
    assert(sink);
    impl_->hand_out(steps, states + outputs * impl_->config.width, sink);
  }
  return logits;
}

void shard::copy_block(std::uint32_t from, std::uint32_t to) {
  for (std::size_t i = 0; i < impl_->kv.size(); ++i)
    impl_->device.copy_kv_block(impl_->kv_of(i), from, to);
}

kv_identity shard::identity() const {
  kv_identity out;
  out.model = impl_->files.identity();
  out.layers = impl_->layers;
  out.kv_heads = impl_->config.kv_heads;
  out.head_dim = impl_->config.head_dim;
  out.format = impl_->format;
  out.window = impl_->options.window;
  out.sinks = impl_->options.sinks;
  return out;
}

std::size_t shard::block_bytes() const noexcept {
  return impl_->layer_block_bytes() * impl_->kv.size();
}

void shard::save_block(std::uint32_t block, std::span<std::byte> out) const {
  assert(out.size() == block_bytes());
  const auto bytes = impl_->layer_block_bytes();
  for (std::size_t i = 0; i < impl_->kv.size(); ++i)
    impl_->device.read_kv_block(out.subspan(i * bytes, bytes), impl_->kv_of(i),
                                block);
}

void shard::load_block(std::uint32_t block, std::span<const std::byte> bytes) {
  assert(bytes.size() == block_bytes());
  const auto layer_bytes = impl_->layer_block_bytes();
  for (std::size_t i = 0; i < impl_->kv.size(); ++i)
    impl_->device.write_kv_block(impl_->kv_of(i), block,
                                 bytes.subspan(i * layer_bytes, layer_bytes));
}

std::vector<std::byte> shard::export_block(std::uint32_t block) const {
  const auto header = encode(identity());
  std::vector<std::byte> out(header.size() + block_bytes());
  std::copy(header.begin(), header.end(), out.begin());
  save_block(block, std::span(out).subspan(header.size()));
  return out;
}

void shard::import_block(std::uint32_t block,
                         std::span<const std::byte> bytes) {
  require_same(decode_kv_identity(bytes), identity());
  const auto payload = bytes.subspan(kv_identity_bytes);
  if (payload.size() != block_bytes())
    throw model_error("KV block: " + std::to_string(payload.size())
                      + " bytes of keys and values instead of "
                      + std::to_string(block_bytes()));
  load_block(block, payload);
}

kv_format kv_format_of(const model_files& files) {
  const auto matrix = files.require(tensor_role::query);
  return matrix.type == dtype::f32 ? kv_format::f32 : kv_format::f16;
}

std::uint64_t kv_block_bytes(const model_config& config, kv_format format) {
  const auto vectors = std::uint64_t{2} * config.layers * config.kv_heads
                       * block_tokens; // of head_dim elements
  switch (format) {
  case kv_format::f32:
    return vectors * config.head_dim * 4;
  case kv_format::f16:
    return vectors * config.head_dim * 2;
  case kv_format::int8:
    break;
  }
  // Groups of 32 bytes, each with a scale of 4.
  return vectors * ((config.head_dim + 31) / 32) * 36;
}

std::vector<layer_range> split_layers(std::uint32_t layers,
                                      std::uint32_t stages) {
  assert(stages >= 1 && stages <= layers);
  std::vector<layer_range> out;
  for (std::uint32_t stage = 0; stage < stages; ++stage)
    out.push_back(
        {static_cast<std::uint32_t>(std::uint64_t{layers} * stage / stages),
         static_cast<std::uint32_t>(std::uint64_t{layers} * (stage + 1)
                                    / stages)});
  return out;
}

} // namespace sluice::device
