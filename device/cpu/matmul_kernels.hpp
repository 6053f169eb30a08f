// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Matrix products over one vector header: lanes are output rows, so no sum ever
// crosses lanes. Included once per instruction set by kernels_*.cpp. The order
// of sums is that of device/backend.hpp.
#pragma once

#include "device/cpu/elementwise_kernels.hpp"

namespace sluice::device {
namespace {

// Quantised rows lie in panels of max_rows rows, the rest in panels of half the
// rows, a quarter and so on. A panel of R rows holds per block of 32:
// [8][R] inputs of 4 int8, [R] f32 scales, and [32 / group][R] sum terms: with
// minima scale * sum of the int8 as f32, else -zero * that sum as int32. So a
// kernel needs one pointer for all its rows.
constexpr std::size_t values_bytes = 8 * inputs4_bytes;

/// Bytes of one row's block of 32.
inline std::size_t input_bytes(std::size_t group) {
  return values_bytes + 4 + 4 * (32 / group);
}

struct row_panel {
  std::size_t first;
  std::size_t rows;
};

inline row_panel panel_of(std::size_t row, std::size_t rows) {
  row_panel p{row / max_rows * max_rows, max_rows};
  for (;; p.rows /= 2)
    if (p.first + p.rows <= rows) {
      if (row < p.first + p.rows)
        return p;
      p.first += p.rows;
    }
}

inline void store_4(std::byte* p, const void* value) {
  std::memcpy(p, value, 4);
}

/// What turns inputs into int8 and back.
struct input_scale {
  float inverse;
  float scale;
};

/// Of n inputs, a multiple of 32: 127 / amax. The way back is rounded to f16
/// for 32 inputs and is exact for more, as in ggml's q8_0 and q8_K: what
/// llama.cpp computes with. If the inputs hold a NaN or an infinity, the scale
/// is it, so it reaches y.
inline input_scale scale_of(const float* x, std::size_t n) {
  f32x16 highest = v_set(0.0f);
  for (std::size_t i = 0; i < n; i += 16)
    highest = v_max_abs(highest, v_load(x + i));
  const float amax = v_highest_bits(highest);
  if (amax < 1e-30f) // 127 / amax would overflow
    return {0.0f, 0.0f};
  const float inverse = 127.0f / amax;
  if (n > row_block)
    return {inverse, 1.0f / inverse};
  const float half = round_f16(amax / 127.0f);
  const bool overflow = half == __builtin_inff();
  return {inverse, overflow ? amax / 127.0f : half};
}

/// One block of 32 of row `row` of a panel: values rounded to nearest even.
inline void quantize_block(std::byte* out, std::size_t row, std::size_t rows,
                           const packed_shape& shape, const float* x,
                           input_scale by) {
  const f32x16 shift = v_set(rounding_shift);
  const f32x16 inverse = v_set(by.inverse);
  std::int8_t values[32];
  float sums[2];
  for (int h = 0; h < 2; ++h) {
    const f32x16 scaled = v_mul(v_load(x + 16 * h), inverse);
    const f32x16 low = v_max(scaled, v_set(-127.0f));
    const f32x16 t = v_add(v_min(low, v_set(127.0f)), shift);
    v_store_i8(values + 16 * h, t);
    sums[h] = v_sum(v_sub(t, shift)); // whole numbers: exact
  }
  if (shape.group == 32)
    sums[0] += sums[1];
  for (std::size_t i = 0; i < 8; ++i)
    store_inputs4(out + (i * rows + row) * inputs4_bytes, values + 4 * i);
  out += rows * values_bytes + 4 * row;
  store_4(out, &by.scale);
  for (std::size_t g = 0; g < 32 / shape.group; ++g) {
    const float with_scale = by.scale * sums[g];
    const auto offset = -shape.zero * static_cast<std::int32_t>(sums[g]);
    store_4(out + rows * (4 + 4 * g),
            shape.has_min ? static_cast<const void*>(&with_scale) : &offset);
  }
}

void quantize(std::byte* q, const packed_shape& shape, const float* x,
              std::size_t rows, std::size_t first, std::size_t last) {
  const std::size_t blocks = shape.k / 32;
  const std::size_t per_scale = shape.input_group / 32;
  for (std::size_t row = first; row < last; ++row) {
    const row_panel p = panel_of(row, rows);
    const std::size_t bytes = input_bytes(shape.group);
    std::byte* out = q + p.first * blocks * bytes;
    const float* values = x + row * shape.k;
    input_scale by{};
    for (std::size_t b = 0; b < blocks; ++b) {
      if (b % per_scale == 0)
        by = scale_of(values + b * 32, shape.input_group);
      quantize_block(out + b * p.rows * bytes, row - p.first, p.rows, shape,
                     values + b * 32, by);
    }
  }
}

/// The first element or block of chunk c of `blocks`.
inline std::size_t chunk_start(std::size_t c, std::size_t blocks) {
  return c * blocks / sum_chunks;
}

/// Adds the 8 chunk sums of one row as ((0+1)+(2+3)) + ((4+5)+(6+7)).
inline f32x16 chunk_tree(const f32x16* s) {
  const f32x16 low = v_add(v_add(s[0], s[1]), v_add(s[2], s[3]));
  const f32x16 high = v_add(v_add(s[4], s[5]), v_add(s[6], s[7]));
  return v_add(low, high);
}

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

inline f32x16 broadcast_f32(const std::byte* p) {
  float x;
  std::memcpy(&x, p, sizeof x);
  return v_set(x);
}

/// sums[r][c] of R rows with one u8 tile. Per group, in this order:
/// acc = fma(float(isum), w_scale * x_scale, acc), where isum is the exact sum
/// of (w - zero) * x; with minima (stored negative) then
/// acc = fma(min, x_scale * xsum, acc).
template <class Scales, std::size_t Group, bool Min, std::size_t R>
inline void u8_tile(f32x16 (*sums)[sum_chunks], const matmul_task& t,
                    const std::byte* w, std::size_t row) {
  constexpr std::size_t per_block = row_block / Group;
  const std::size_t blocks = t.shape->k / row_block;
  const std::byte* x = t.q + row * blocks * input_bytes(Group);
  for (std::size_t c = 0; c < sum_chunks; ++c) {
    f32x16 acc[R];
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_set(0.0f);
    const std::size_t last = chunk_start(c + 1, blocks);
    for (std::size_t b = chunk_start(c, blocks); b < last; ++b) {
#pragma GCC unroll 2
      for (std::size_t g = 0; g < per_block; ++g) {
        const f32x16 scale = Scales::load(w);
        const std::byte* minima = w + Scales::size * tile_rows;
        w += (Scales::size + (Min ? 4 : 0)) * tile_rows;
        const std::byte* sum_terms = x + R * (values_bytes + 4 + 4 * g);
        i32x16 isum[R];
#pragma GCC unroll 8
        for (std::size_t r = 0; r < R; ++r)
          isum[r] = i_set(Min ? 0 : load_i32(sum_terms + 4 * r));
#pragma GCC unroll product_unroll
        for (std::size_t i = 0; i < Group; i += 4, w += 4 * tile_rows) {
          const weights4 a = load_weights4(w);
#pragma GCC unroll 8
          for (std::size_t r = 0; r < R; ++r)
            isum[r] =
                i_dot4(isum[r], a,
                       load_inputs4(
                           x + ((g * Group + i) / 4 * R + r) * inputs4_bytes));
        }
#pragma GCC unroll 8
        for (std::size_t r = 0; r < R; ++r) {
          const f32x16 factor =
              v_mul(scale, broadcast_f32(x + R * values_bytes + 4 * r));
          acc[r] = v_fma(i_to_f32(isum[r]), factor, acc[r]);
          if constexpr (Min)
            acc[r] = v_fma(v_load(reinterpret_cast<const float*>(minima)),
                           broadcast_f32(sum_terms + 4 * r), acc[r]);
        }
      }
      x += R * input_bytes(Group);
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
  case tile_format::u8:
    if (s.group == 16)
      u8_tile<load_f32, 16, false, R>(sums, t, w, row);
    else if (s.has_min)
      u8_tile<load_f32, 32, true, R>(sums, t, w, row);
    else
      u8_tile<load_f16, 32, false, R>(sums, t, w, row);
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
