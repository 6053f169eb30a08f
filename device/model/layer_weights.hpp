// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The weights of one layer in a backend's memory, and how they get there. For
// the shard and its blocks; knows no forward pass.
#pragma once

#include "device/backend.hpp"
#include "device/files/model_files.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace sluice::device {

/// A small vector (norm weights, bias) in a backend's memory, or nothing.
class device_vector {
public:
  device_vector() = default;
  explicit device_vector(std::unique_ptr<device_memory> memory)
      : memory_(std::move(memory)) {}
  /// Null when there is none.
  float* data() const noexcept { return memory_ ? memory_->data() : nullptr; }

private:
  std::unique_ptr<device_memory> memory_;
};

/// y = x w^T (+ bias).
struct linear {
  std::unique_ptr<weight_matrix> weight; ///< [n, k]; null when absent
  device_vector bias;                    ///< [n] or nothing

  /// This product as one of several with the same inputs.
  product into(float* y) const { return {y, weight.get(), bias.data()}; }

  void apply(backend& device, float* y, const float* x,
             std::size_t rows) const {
    device.matmul(y, *weight, x, bias.data(), rows);
  }
};

/// down(act(gate(x)) * up(x)): a dense feed-forward block, or one expert.
struct gated_layer {
  linear gate;
  linear up;
  linear down;
};

/// One layer. Which parts are there is the family's business.
struct layer_weights {
  device_vector attention_norm;
  linear query;
  linear key;
  linear value;
  linear attention_output;
  device_vector query_norm;
  device_vector key_norm;
  device_vector post_attention_norm;
  device_vector ff_norm;
  gated_layer dense;
  linear router; ///< null weight: the layer is dense
  std::vector<gated_layer> experts;
  device_vector post_ff_norm;
};

/// Moves a model's tensors into a backend and counts the bytes. Matrices are
/// read, not touched where they are mapped: that would cost a fault per page,
/// and hold them twice.
class weight_loader {
public:
  weight_loader(const model_files& files, backend& device)
      : files_(files), device_(device) {}

  layer_weights load_layer(std::uint32_t layer);
  /// A matrix, which must be there, and its bias if the file has one.
  linear load_linear(tensor_role role, std::uint32_t layer = 0,
                     std::size_t expert = 0);
  /// Norm weights with the family's offset added.
  device_vector load_norm(tensor_role role, std::uint32_t layer = 0);

  /// Lets the system fetch what load_layer(layer) will read.
  void expect_layer(std::uint32_t layer) const;

  /// Bytes in the file of everything that load_layer(layer) reads.
  std::uint64_t layer_bytes(std::uint32_t layer) const;
  /// Bytes in the file of what was loaded so far.
  std::uint64_t bytes_done() const noexcept { return done_; }
  /// Bytes that one pass over the loaded matrices reads.
  std::uint64_t matrix_bytes() const noexcept { return matrix_bytes_; }

private:
  void for_each_tensor(std::uint32_t layer,
                       const std::function<void(const tensor_view&)>& f) const;
  std::vector<float> values_of(const tensor_view& view) const;
  device_vector load_bias(tensor_role role, std::uint32_t layer);
  gated_layer load_dense(std::uint32_t layer);
  gated_layer load_expert(std::uint32_t layer, std::size_t expert);

  const model_files& files_;
  backend& device_;
  std::uint64_t done_ = 0;
  std::uint64_t matrix_bytes_ = 0;
};

/// True when `layer` sends its tokens to experts.
bool has_experts(const model_config& config, std::uint32_t layer);

} // namespace sluice::device
