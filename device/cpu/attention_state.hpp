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

/// acc[r] = fma(p[r][t], v[t], acc[r]) for the tokens t in order: C vectors of
/// the tokens' rows of V, from element d of a head on, to R states. Fetches the
/// same of the next block.
template <class E, std::size_t R, std::size_t C>
inline void add_vectors(attention_state* s, const float* p,
                        const typename E::type* v, const typename E::type* next,
                        std::size_t row, std::size_t d, token_range tokens) {
  f32x16 acc[R][C];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (std::size_t c = 0; c < C; ++c)
      acc[r][c] = v_load(s[r].values + d + 16 * c);
  for (std::uint32_t t = tokens.first; t < tokens.last; ++t) {
    f32x16 a[C];
#pragma GCC unroll 2
    for (std::size_t c = 0; c < C; ++c) {
      __builtin_prefetch(next + t * row + 16 * c);
      a[c] = E::load(v + t * row + 16 * c);
    }
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      const f32x16 weight = v_set(p[r * kv_tokens + t]);
#pragma GCC unroll 2
      for (std::size_t c = 0; c < C; ++c)
        acc[r][c] = v_fma(weight, a[c], acc[r][c]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (std::size_t c = 0; c < C; ++c)
      v_store(s[r].values + d + 16 * c, acc[r][c]);
}

/// The same for as many vectors as the registers hold and the row has; how many
/// elements that is.
template <class E, std::size_t R>
inline std::size_t add_columns(attention_state* s, const float* p,
                               const typename E::type* v,
                               const typename E::type* next, std::size_t row,
                               std::size_t d, token_range tokens) {
  if constexpr (max_tiles > 1)
    if (d + 16 * max_tiles <= row) {
      add_vectors<E, R, max_tiles>(s, p, v, next, row, d, tokens);
      return 16 * max_tiles;
    }
  add_vectors<E, R, 1>(s, p, v, next, row, d, tokens);
  return 16;
}

} // namespace
} // namespace sluice::device
