// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the model tests share: a model cut into stages that run one after the
// other, and the backends of this machine.
#pragma once

#include "device/cpu/cpu_backend.hpp"
#include "device/model/shard.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice::device::tests {

/// All stages of a model, with hidden states passed between them.
class staged_model {
public:
  staged_model(const model_files& files, backend& device, std::uint32_t stages,
               std::uint32_t kv_blocks, const kv_options& options = {});

  /// Logits of the wanted rows, as shard::forward.
  std::vector<float> forward(std::span<const sequence_step> steps,
                             const row_sink& sink = {});

  std::size_t vocabulary() const { return vocabulary_; }

private:
  std::vector<shard> shards_;
  std::size_t vocabulary_;
};

/// A step for `tokens` at `start`, with blocks first_block, first_block + 1...
/// for `positions` positions and logits for all tokens.
sequence_step step_of(std::span<const std::int32_t> tokens, std::uint32_t start,
                      std::uint32_t positions, std::uint32_t first_block = 0);

/// Index of the largest value, the first among equals.
std::int32_t argmax(std::span<const float> row);

/// Runs `f` once per kernel path of this machine, naming it on failure.
void on_every_path(const std::function<void(backend&)>& f);

/// The fastest path of this machine on all its cores, made once.
backend& fast_backend();

/// Number of the first float whose bits differ, or -1. Sizes must agree.
std::ptrdiff_t first_difference(std::span<const float> a,
                                std::span<const float> b);

} // namespace sluice::device::tests
