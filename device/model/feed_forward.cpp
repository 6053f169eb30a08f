// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/feed_forward.hpp"

#include "device/model/expert_routing.hpp"

namespace sluice::device {

namespace {

// out = down(act(gate(x)) * up(x)). x, out [rows, width].
void run_gated(backend& device, const model_config& config,
               const gated_layer& weights, float* out, const float* x,
               std::size_t rows, activations& memory) {
  const auto floats = rows * weights.gate.weight->rows;
  float* gate = memory.gate.at_least(device, floats);
  float* up = memory.up.at_least(device, floats);
  const product both[] = {weights.gate.into(gate), weights.up.into(up)};
  device.matmul(both, x, rows);
  device.gated(gate, gate, up, config.act, floats);
  weights.down.apply(device, out, gate, rows);
}

// hidden += sum over a row's experts of weight * expert(x).
void run_experts(backend& device, const model_config& config,
                 const layer_weights& weights, float* hidden, const float* x,
                 std::size_t rows, activations& memory) {
  float* router = memory.router.at_least(device, rows * config.experts);
  weights.router.apply(device, router, x, rows);
  std::vector<float> logits(rows * config.experts);
  device.read(logits, router);
  const auto shares = route(logits, config.experts, config.experts_used,
                            config.normalize_experts);
  for (std::size_t e = 0; e < shares.size(); ++e) {
    const auto count = shares[e].rows.size();
    if (count == 0)
      continue;
    float* tokens = memory.expert.at_least(device, count * config.width);
    float* out = memory.block.at_least(device, count * config.width);
    device.gather_rows(tokens, x, shares[e].rows, config.width);
    run_gated(device, config, weights.experts[e], out, tokens, count, memory);
    device.scatter_add_rows(hidden, out, shares[e].rows, shares[e].weights,
                            config.width);
  }
}

} // namespace

void run_feed_forward(backend& device, const model_config& config,
                      const layer_weights& weights, float* hidden,
                      std::size_t rows, activations& memory) {
  float* normed = memory.normed.at_least(device, rows * config.width);
  device.rms_norm(normed, hidden, weights.ff_norm.data(), config.norm_epsilon,
                  rows, config.width);
  if (weights.router.weight) {
    run_experts(device, config, weights, hidden, normed, rows, memory);
    return;
  }
  float* block = memory.block.at_least(device, rows * config.width);
  run_gated(device, config, weights.dense, block, normed, rows, memory);
  if (config.post_norms)
    device.rms_norm(block, block, weights.post_ff_norm.data(),
                    config.norm_epsilon, rows, config.width);
  device.add(hidden, block, rows * config.width);
}

} // namespace sluice::device
