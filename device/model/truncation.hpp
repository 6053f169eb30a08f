// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which tokens may be drawn, with what weight, and the draw: temperature,
// min-p, top-k and top-p. For the sampler and for drafts; knows no history and
// no generator.
// Sums are made in a fixed order, so every CPU draws the same token.
#pragma once

#include "device/model/sampling.hpp"

#include <cstdint>
#include <span>

namespace sluice::device {

/// Draws a token as temperature (> 0), min-p, top-k and top-p say, in that
/// order: top-k sees what min-p left, top-p the renormalised rest; equal tokens
/// rank by id. `best` is the largest of `logits`, finite; they are overwritten.
/// `random` is in [0, 1).
std::int32_t draw(std::span<float> logits, float best,
                  const sampling_params& params, double random);

/// Turns logits into the probabilities with which `draw` draws; the arguments
/// are the same.
void to_probabilities(std::span<float> logits, float best,
                      const sampling_params& params);

} // namespace sluice::device
