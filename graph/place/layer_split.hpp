// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How stages of unlike speed and memory share a model's layers, so that the
// slowest of them takes the least time. Used by the solver once it has chosen
// nodes; knows pools of memory, not nodes.
#pragma once

#include "graph/place/model_shape.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace sluice::graph {

/// Bytes and work of any range of a model's layers in constant time.
class range_table {
public:
  range_table() = default;
  range_table(const model_shape& shape, std::uint32_t tensor,
              std::uint32_t expert);

  std::uint32_t layers() const noexcept { return layers_; }
  /// Bytes that each shard of a stage with these layers holds.
  std::uint64_t memory(std::uint32_t first, std::uint32_t last) const {
    return memory_[first * (layers_ + 1) + last];
  }
  /// Bytes of weights that each shard reads for one token.
  double work(std::uint32_t first, std::uint32_t last) const {
    return work_[first * (layers_ + 1) + last];
  }
  /// The least that any stage at this place in a pipeline can hold.
  std::uint64_t least(std::uint32_t stage, std::uint32_t stages) const;

private:
  std::uint32_t layers_ = 0;
  std::vector<std::uint64_t> memory_; // [layers + 1, layers + 1]
  std::vector<double> work_;          // as memory_
};

inline constexpr std::uint64_t unlimited =
    std::numeric_limits<std::uint64_t>::max();

/// A stage's shards in the pools of memory that they use.
struct split_stage {
  double speed = 1;        ///< bytes per second of its slowest shard
  std::uint64_t floor = 0; ///< bytes that each shard takes at least
  struct share {
    std::size_t pool;
    std::uint64_t shards; ///< of this stage in the pool
  };
  std::vector<share> pools;
};

/// One replica.
struct split_request {
  const range_table* ranges = nullptr;
  std::vector<split_stage> stages;
};

using layer_ranges = std::vector<device::layer_range>;

/// The longest time of a stage for one token, seconds.
double bottleneck(const split_request& request, const layer_ranges& ranges);

/// Takes what the ranges need out of `pools`; false, and nothing is taken, if
/// they do not fit.
bool hold(const split_request& request, const layer_ranges& ranges,
          std::vector<std::uint64_t>& pools);
/// Gives it back.
void release(const split_request& request, const layer_ranges& ranges,
             std::vector<std::uint64_t>& pools);

/// Layers for every stage of one replica. The bottleneck is the least that the
/// pools allow; among equals the stages' times are as even as they can be.
/// Empty if the layers do not fit, or nothing was found within `work` steps.
/// Takes what it uses out of `pools` (bytes free; unlimited where unknown).
std::optional<layer_ranges> split(const split_request& request,
                                  std::vector<std::uint64_t>& pools,
                                  std::size_t work = 200'000);

/// As split, for several replicas that may share pools. Each gets its best
/// beside those before it; where that leaves no room for a later one, the least
/// sum of bottlenecks that fits.
std::optional<std::vector<layer_ranges>>
split_all(std::span<const split_request> requests,
          std::vector<std::uint64_t>& pools, std::size_t work = 200'000);

} // namespace sluice::graph
