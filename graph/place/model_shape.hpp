// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What placement needs to know of a model actor's model: how many bytes each
// layer has and how they divide. A plain struct, so that the solver opens no
// file; model_shapes() fills it from the files that a graph names.
#pragma once

#include "device/files/model_files.hpp"
#include "device/kv_format.hpp"
#include "device/model/shard.hpp"
#include "graph/validate/validated_graph.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sluice::graph {

/// Bytes of one layer's weights, as they stand in the file.
struct layer_bytes {
  std::uint64_t dense = 0;   ///< what every token needs
  std::uint64_t experts = 0; ///< all experts together

  std::uint64_t all() const noexcept { return dense + experts; }
};

struct model_shape {
  std::vector<layer_bytes> layers;
  std::uint64_t embedding = 0; ///< bytes, in the first stage
  std::uint64_t output = 0;    ///< bytes, in the last stage
  bool tied = false;           ///< one matrix serves as both
  std::uint32_t width = 0;     ///< of a hidden state, elements
  std::uint32_t heads = 0;
  std::uint32_t kv_heads = 0;
  std::uint32_t experts = 0; ///< 0: dense
  std::uint32_t experts_used = 0;
  std::uint64_t kv_block = 0;  ///< bytes of a block of one layer
  std::uint64_t kv_blocks = 0; ///< that each stage keeps
  std::uint64_t draft = 0;     ///< bytes of a draft model, with the scheduler

  /// Weights and keys and values of one shard, bytes. A rank holds 1 / tensor
  /// of the matrices, and whole heads of keys and values; an expert group holds
  /// its experts and all that is no expert.
  std::uint64_t shard_memory(device::layer_range range, std::uint32_t tensor,
                             std::uint32_t expert) const;
  /// Bytes of weights of a range that one token needs in each of `expert`
  /// groups, output included.
  double work(device::layer_range range, std::uint32_t expert) const;
  /// Bytes of keys and values of one token in a range.
  double kv_per_token(device::layer_range range) const;
};

using model_shapes = std::map<std::string, model_shape, std::less<>>;

/// Of opened files; keys and values are left 0.
model_shape shape_of(const device::model_files& files);

/// By actor, for every model actor of the graph. Opens the files; throws
/// device::model_error naming the actor when one does not load, or its settings
/// do not fit it.
model_shapes shapes_of(const validated_graph& graph);

} // namespace sluice::graph
