// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Runs one sequence from given ids, greedily, with no scheduler: for tools that
// check a model file (`sluice logits`), benchmarks and tests.
#pragma once

#include "device/backend.hpp"
#include "device/files/model_files.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

/// What run_greedy found.
struct greedy_run {
  std::vector<float> logits; ///< [inputs, vocabulary], one row per input id
  std::size_t vocabulary = 0;
  std::vector<std::int32_t> ids; ///< the continuation
  /// Natural log-probability of each continuation id, before the ban on end
  /// tokens.
  std::vector<float> logprobs;
};

/// Feeds `ids` as one prompt, then generates `generate` ids, each the largest
/// logit. End tokens are not chosen when `ban_end_tokens`; otherwise they are
/// ids like any other. Throws model_error when an id is not in the vocabulary,
/// `ids` is empty, or all of it is longer than the model's context.
greedy_run run_greedy(const model_files& files, backend& device,
                      std::span<const std::int32_t> ids, std::uint32_t generate,
                      bool ban_end_tokens = false);

} // namespace sluice::device
