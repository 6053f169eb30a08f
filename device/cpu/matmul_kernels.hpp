// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Matrix products over one vector header: lanes are output rows, so no sum ever
// crosses lanes. Included once per instruction set by kernels_*.cpp. The order
// of sums is that of device/backend.hpp.
#pragma once

#include "device/cpu/integer_tiles.hpp"

namespace sluice::device {
namespace {

struct load_f32 {
  static constexpr std::size_t size = 4;
  static f32x16 load(const std::byte* p) {
    return v_load(reinterpret_cast<const float*>(p));
  }
};
struct load_f16 {
  static constexpr std::size_t size = 2;
  static f32x16 load(const std::byte* p) {
    return v_load_f16(reinterpret_cast<const std::uint16_t*>(p));
  }
};
struct load_bf16 {
  static constexpr std::size_t size = 2;
  static f32x16 load(const std::byte* p) {
    return v_load_bf16(reinterpret_cast<const std::uint16_t*>(p));
  }
};

/// sums[r][c] of R rows with one float tile: acc = fma(w, x, acc) along k.
template <class Weights, std::size_t R>
inline void float_tile(f32x16 (*sums)[sum_chunks], const matmul_task& t,
                       const std::byte* w, std::size_t row) {
  const std::size_t k = t.shape->k;
  const std::size_t blocks = (k + row_block - 1) / row_block;
  const float* x = t.x + row * k;
  for (std::size_t c = 0; c < sum_chunks; ++c) {
    const std::size_t first = chunk_start(c, blocks) * row_block;
    const std::size_t end = chunk_start(c + 1, blocks) * row_block;
    const std::size_t last = end < k ? end : k;
    f32x16 acc[R];
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_set(0.0f);
    for (std::size_t i = first; i < last; ++i, w += tile_rows * Weights::size) {
      const f32x16 a = Weights::load(w);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < R; ++r)
        acc[r] = v_fma(a, v_set(x[r * k + i]), acc[r]);
    }
    for (std::size_t r = 0; r < R; ++r)
      sums[r][c] = acc[r];
  }
}

template <std::size_t R>
void one_tile(const matmul_task& t, std::size_t tile, std::size_t row) {
  const packed_shape& s = *t.shape;
  const std::byte* w = t.tiles + tile * s.tile_bytes;
  f32x16 sums[R][sum_chunks];
  switch (s.format) {
  case tile_format::f32:
    float_tile<load_f32, R>(sums, t, w, row);
    break;
  case tile_format::f16:
    float_tile<load_f16, R>(sums, t, w, row);
    break;
  case tile_format::bf16:
    float_tile<load_bf16, R>(sums, t, w, row);
    break;
  case tile_format::q8_0:
    integer_tile<q8_0_values, R>(sums, t, w, row);
    break;
  case tile_format::q4_0:
    integer_tile<q4_0_values, R>(sums, t, w, row);
    break;
  case tile_format::q4_k:
    integer_tile<q4_k_values, R>(sums, t, w, row);
    break;
  case tile_format::q5_k:
    integer_tile<q5_k_values, R>(sums, t, w, row);
    break;
  case tile_format::q6_k:
    integer_tile<q6_k_values, R>(sums, t, w, row);
    break;
  }
  const std::size_t n0 = tile * tile_rows;
  const std::size_t lanes = s.n - n0 < tile_rows ? s.n - n0 : tile_rows;
  for (std::size_t r = 0; r < R; ++r) {
    f32x16 y = chunk_tree(sums[r]);
    if (t.bias != nullptr)
      y = v_add(y, load_lanes(t.bias + n0, lanes));
    store_lanes(t.y + (row + r) * s.n + n0, y, lanes);
  }
}

void matmul(const matmul_task& t) {
  for (std::size_t tile = t.first_tile; tile < t.last_tile; ++tile) {
    std::size_t row = t.first_row;
    for (; row + max_rows <= t.last_row; row += max_rows)
      one_tile<max_rows>(t, tile, row);
    const std::size_t rest = t.last_row - row;
    if constexpr (max_rows > 4)
      if ((rest & 4) != 0) {
        one_tile<4>(t, tile, row);
        row += 4;
      }
    if ((rest & 2) != 0) {
      one_tile<2>(t, tile, row);
      row += 2;
    }
    if ((rest & 1) != 0)
      one_tile<1>(t, tile, row);
  }
}

// Sixteen accumulators hide the latency of the product.
std::int32_t integer_peak(std::size_t steps) {
  alignas(64) const std::byte w[64] = {std::byte(3)};
  const std::byte x[8] = {std::byte(1), std::byte(254)};
  const weights4 a = load_weights4(w);
  const inputs4 b = load_inputs4(x);
  i32x16 sums[16];
  for (int j = 0; j < 16; ++j)
    sums[j] = i_set(j);
  for (std::size_t i = 0; i < steps; ++i)
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j)
      sums[j] = i_dot4(sums[j], a, b);
  float total = 0;
  for (int j = 0; j < 16; ++j)
    total += v_sum(i_to_f32(sums[j]));
  return static_cast<std::int32_t>(static_cast<std::int64_t>(total) & 0xffff);
}

} // namespace
} // namespace sluice::device
