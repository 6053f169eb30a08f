// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What lives during one forward pass: the layout of the batch, and backend
// memory for the activations that is kept from pass to pass. For the shard and
// its blocks.
#pragma once

#include "device/backend.hpp"
#include "device/model/shard.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice::device {

/// Where the new tokens of all sequences lie in a forward pass.
struct batch_layout {
  std::vector<std::uint32_t> positions;   ///< [rows], in their sequences
  std::vector<attention_span> spans;      ///< one per sequence
  std::vector<std::uint32_t> output_rows; ///< rows whose logits are wanted
  std::vector<std::uint32_t> read_rows;   ///< rows for the row_sink

  std::size_t rows() const noexcept { return positions.size(); }
};

/// Lays out `steps`, whose block tables must outlive the result.
batch_layout lay_out(std::span<const sequence_step> steps);

/// Backend memory that grows when more is asked for and never shrinks. Growing
/// loses the contents.
class growing_memory {
public:
  float* at_least(backend& device, std::size_t floats) {
    if (!memory_ || memory_->size() < floats)
      memory_ = device.allocate(floats);
    return memory_->data();
  }

private:
  std::unique_ptr<device_memory> memory_;
};

/// Memory of one shard's forward pass, shared by its layers.
struct activations {
  growing_memory hidden; ///< [rows, width]: the residual stream
  growing_memory normed; ///< [rows, width]
  growing_memory query;  ///< [rows, heads, head_dim]
  growing_memory key;    ///< [rows, kv_heads, head_dim]
  growing_memory value;  ///< [rows, kv_heads, head_dim]
  growing_memory mixed;  ///< [rows, heads, head_dim]: attention's result
  growing_memory gate;   ///< [rows, ff_width]
  growing_memory up;     ///< [rows, ff_width]
  growing_memory block;  ///< [rows, width]: a block's output
  growing_memory router; ///< [rows, experts]
  growing_memory expert; ///< [rows, width]: an expert's tokens
  growing_memory wanted; ///< [outputs and rows to read, width]
  growing_memory logits; ///< [outputs or a slice, vocabulary]
};

} // namespace sluice::device
