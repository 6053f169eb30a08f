// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_model/pass_cost.hpp"

#include <algorithm>

namespace sluice::apps {

pass_cost::pass_cost(const device::model_config& c, std::uint64_t weight_bytes,
                     std::uint64_t kv_token_bytes)
    : config_(c), weight_bytes_(static_cast<double>(weight_bytes)),
      kv_layer_bytes_(static_cast<double>(kv_token_bytes) / c.layers) {
  const auto attention = static_cast<double>(c.width) * c.head_dim
                         * (2.0 * c.heads + 2.0 * c.kv_heads);
  const auto expert = 3.0 * c.width * c.expert_ff_width;
  double experts = 0; // all of them
  double others = 0;
  double last = 0; // the last feed-forward block, as far as a token meets it
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    const bool dense =
        c.experts == 0
        || (layer < c.dense_layer.size() && c.dense_layer[layer]);
    const auto ff =
        dense ? 3.0 * c.width * c.ff_width : 1.0 * c.width * c.experts;
    others += attention + ff;
    last = ff;
    if (dense)
      continue;
    experts += expert * c.experts;
    body_macs_ += expert * c.experts_used;
    last += expert * c.experts_used;
  }
  const auto output = static_cast<double>(c.vocabulary) * c.width;
  body_macs_ += others - last;
  head_macs_ = output + last;
  expert_share_ = experts / (experts + others + output);
}

double pass_cost::weight_bytes(std::uint32_t tokens) const {
  if (expert_share_ == 0)
    return weight_bytes_;
  const auto used = std::min<double>(
      config_.experts, static_cast<double>(tokens) * config_.experts_used);
  return weight_bytes_
         * (1 - expert_share_ + expert_share_ * used / config_.experts);
}

double pass_cost::kv_bytes(std::uint32_t position) const {
  double positions = 0;
  for (std::uint32_t layer = 0; layer < config_.layers; ++layer) {
    const auto window =
        layer < config_.window.size() ? config_.window[layer] : 0u;
    const auto seen = position + 1;
    positions += window == 0 ? seen : std::min(seen, window);
  }
  return positions * kv_layer_bytes_;
}

} // namespace sluice::apps
