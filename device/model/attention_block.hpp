// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The attention half of a layer. For the shard.
#pragma once

#include "device/model/activations.hpp"
#include "device/model/layer_weights.hpp"

namespace sluice::device {

/// Which positions the tokens of a layer see.
struct layer_sight {
  std::uint32_t window = 0; ///< the last so many; 0: all
  std::uint32_t sinks = 0;  ///< with a window: [0, sinks) as well
};

/// hidden += attention(norm(hidden)) for all rows of `batch`, whose keys and
/// values are stored in `kv`. hidden is memory.hidden, [rows, width].
void run_attention_block(backend& device, const model_config& config,
                         std::uint32_t layer, const layer_weights& weights,
                         const layer_sight& sight, const kv_view& kv,
                         const batch_layout& batch, activations& memory);

} // namespace sluice::device
