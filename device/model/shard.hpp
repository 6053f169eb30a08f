// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A range of a model's layers on one backend, with the KV blocks of those
// layers: what a stage runs. The first shard embeds tokens, the last one makes
// logits; between them hidden states pass. Knows no actor and no scheduler.
#pragma once

#include "device/backend.hpp"
#include "device/files/model_files.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace sluice::device {

/// Layers [first, last) of a model.
struct layer_range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

/// One sequence's part of a forward pass.
struct sequence_step {
  std::vector<std::int32_t> tokens;  ///< new tokens, >= 1
  std::uint32_t start = 0;           ///< position of tokens[0]
  std::vector<std::uint32_t> blocks; ///< block table up to start + tokens
  std::uint32_t outputs = 0; ///< logits wanted for the last `outputs` tokens
};

/// Layers, weights and KV storage. Not thread-safe.
class shard {
public:
  /// Called after each loaded layer with bytes done and bytes in all.
  using progress = std::function<void(std::uint64_t, std::uint64_t)>;

  /// Packs the layers' weights. `kv_blocks` blocks of block_tokens tokens are
  /// held per layer. Throws model_error.
  shard(const model_files& files, backend& device, layer_range layers,
        std::uint32_t kv_blocks, const progress& report = {});
  ~shard();
  shard(shard&&) noexcept;

  bool first() const noexcept; ///< embeds tokens
  bool last() const noexcept;  ///< makes logits

  /// Runs the layers on all new tokens of `steps`, in order.
  /// `hidden` [total new tokens, width], host memory: input unless first(),
  /// output unless last() (then untouched). Returns logits
  /// [sum of outputs, vocabulary] for the last shard, else an empty vector.
  std::vector<float> forward(std::span<const sequence_step> steps,
                             std::vector<float>& hidden);

  /// Weight bytes that one pass over this shard reads.
  std::uint64_t weight_bytes() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// How a model's K and V are stored: f32 if its matrices are f32, else f16.
/// Half the memory, and what llama.cpp does, so that quantised models round
/// alike.
kv_format kv_format_of(const model_files& files);

/// Bytes that K and V of one KV block take over all layers.
std::uint64_t kv_block_bytes(const model_config& config, kv_format format);

/// Cuts `layers` into `stages` ranges of nearly equal size; stages <= layers.
std::vector<layer_range> split_layers(std::uint32_t layers,
                                      std::uint32_t stages);

} // namespace sluice::device
