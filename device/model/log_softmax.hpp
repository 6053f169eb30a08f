// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The largest logit and log-probabilities of a row of logits. For the sampler
// and for tools that print log-probabilities.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sluice::device {

/// The largest of `logits`, which is not empty. Throws model_error when one is
/// NaN or plus infinity, or all are minus infinity.
float checked_max(std::span<const float> logits);

/// ln(sum of e^logit); `best` is the largest logit.
double log_sum(std::span<const float> logits, float best);

/// The `count` largest with their log-probabilities, best first, lowest id
/// first among equals; `sum` from log_sum.
std::vector<std::pair<std::int32_t, float>>
top_log_probabilities(std::span<const float> logits, double sum,
                      std::size_t count);

} // namespace sluice::device
