// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One query row of attention, as the walk over the blocks (attention_kernels)
// and the formats of blocks (kv_plain, kv_int8) share it. Included once per
// instruction set.
#pragma once

#include "device/cpu/elementwise_kernels.hpp"

namespace sluice::device {
namespace {

constexpr std::uint32_t kv_tokens = 16;

/// Elements of a head that share a scale in int8.
constexpr std::size_t kv_group = 32;
constexpr std::size_t max_kv_groups = max_head_dim / kv_group;

/// Tokens [first, last) of a block.
struct token_range {
  std::uint32_t first;
  std::uint32_t last;
};

/// One query row and head. It sees positions [0, sinks) and [first, last);
/// sinks < first, or 0.
struct attention_state {
  float* out;
  std::uint32_t sinks;
  std::uint32_t first;
  std::uint32_t last;
  // Held here so that one pointer reaches all states of a pass.
  alignas(64) float values[max_head_dim];
  alignas(64) float q[max_head_dim]; ///< f32 and f16
  // int8: the query in groups, as i_dot4 takes it.
  alignas(64) std::byte inputs[max_head_dim / 4 * inputs4_bytes];
  float q_scale[max_kv_groups];
  std::int32_t q_offset[max_kv_groups]; ///< -128 times the group's sum
};

inline std::size_t padded_to_lanes(std::size_t n) {
  return (n + 15) / 16 * 16;
}

} // namespace
} // namespace sluice::device
