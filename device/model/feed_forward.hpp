// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The feed-forward half of a layer: dense, or a mixture of experts. For the
// shard.
#pragma once

#include "device/model/activations.hpp"
#include "device/model/layer_weights.hpp"

namespace sluice::device {

/// hidden += feed_forward(norm(hidden)), hidden [rows, width]. An expert's
/// tokens are multiplied together; a token's experts are added in order of
/// their index, so its bits do not depend on the other rows.
void run_feed_forward(backend& device, const model_config& config,
                      const layer_weights& weights, float* hidden,
                      std::size_t rows, activations& memory);

} // namespace sluice::device
