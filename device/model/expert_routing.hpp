// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which experts a token goes to, and with what weight (Mixtral, Qwen3-MoE).
// For the feed-forward block; plain host code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

/// The tokens of one expert.
struct expert_share {
  std::vector<std::uint32_t> rows; ///< ascending
  std::vector<float> weights;      ///< one per row
};

/// Softmax over the `experts` logits of each row, the `used` largest kept (the
/// lowest index among equals), their weights summing to 1 when `normalize`.
/// logits [rows, experts]. One share per expert.
std::vector<expert_share> route(std::span<const float> logits,
                                std::size_t experts, std::size_t used,
                                bool normalize);

} // namespace sluice::device
