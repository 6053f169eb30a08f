// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/attention_block.hpp"

namespace sluice::device {

namespace {

// One of query and key: norm per head, rotation. x [rows, heads, head_dim].
void place(backend& device, const model_config& config,
           const device_vector& norm, const rope_config& rope,
           const batch_layout& batch, std::size_t heads, float* x) {
  if (config.qk_norm)
    device.rms_norm(x, x, norm.data(), config.norm_epsilon,
                    batch.rows() * heads, config.head_dim);
  device.rope(x, rope, batch.positions, heads, config.head_dim);
}

} // namespace

void run_attention_block(backend& device, const model_config& config,
                         std::uint32_t layer, const layer_weights& weights,
                         const layer_sight& sight, const kv_view& kv,
                         const batch_layout& batch, activations& memory) {
  const auto rows = batch.rows();
  const auto query_width = std::size_t{config.heads} * config.head_dim;
  const auto kv_width = std::size_t{config.kv_heads} * config.head_dim;
  // The layer's own kind, whatever of it is in sight.
  const bool local = layer < config.window.size() && config.window[layer] > 0;
  const auto& rope = local ? config.local_rope : config.rope;

  float* hidden = memory.hidden.at_least(device, rows * config.width);
  float* normed = memory.normed.at_least(device, rows * config.width);
  float* query = memory.query.at_least(device, rows * query_width);
  float* key = memory.key.at_least(device, rows * kv_width);
  float* value = memory.value.at_least(device, rows * kv_width);
  float* mixed = memory.mixed.at_least(device, rows * query_width);
  float* block = memory.block.at_least(device, rows * config.width);

  device.rms_norm(normed, hidden, weights.attention_norm.data(),
                  config.norm_epsilon, rows, config.width);
  const product projections[] = {weights.query.into(query),
                                 weights.key.into(key),
                                 weights.value.into(value)};
  device.matmul(projections, normed, rows);
  place(device, config, weights.query_norm, rope, batch, config.heads, query);
  place(device, config, weights.key_norm, rope, batch, config.kv_heads, key);
  device.store_kv(kv, key, value, batch.spans);
  device.attention(mixed, query, kv, batch.spans,
                   {config.heads, config.kv_heads, config.head_dim,
                    sight.window, config.attention_scale, sight.sinks});
  weights.attention_output.apply(device, block, mixed, rows);
  if (config.post_norms)
    device.rms_norm(block, block, weights.post_attention_norm.data(),
                    config.norm_epsilon, rows, config.width);
  device.add(hidden, block, rows * config.width);
}

} // namespace sluice::device
