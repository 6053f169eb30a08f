// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How rows of inputs become int8 for products with integer weights, and where
// they lie. Included once per instruction set by kernels_*.cpp, after a vector
// header.
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
  if (shape.layout.group == 32)
    sums[0] += sums[1];
  for (std::size_t i = 0; i < 8; ++i)
    store_inputs4(out + (i * rows + row) * inputs4_bytes, values + 4 * i);
  out += rows * values_bytes + 4 * row;
  store_4(out, &by.scale);
  for (std::size_t g = 0; g < 32 / shape.layout.group; ++g) {
    const float with_scale = by.scale * sums[g];
    const auto offset = -shape.layout.zero * static_cast<std::int32_t>(sums[g]);
    store_4(out + rows * (4 + 4 * g),
            shape.layout.has_min ? static_cast<const void*>(&with_scale)
                                 : &offset);
  }
}

void quantize(std::byte* q, const packed_shape& shape, const float* x,
              std::size_t rows, std::size_t first, std::size_t last) {
  const std::size_t blocks = shape.k / 32;
  const std::size_t per_scale = shape.input_group / 32;
  for (std::size_t row = first; row < last; ++row) {
    const row_panel p = panel_of(row, rows);
    const std::size_t bytes = input_bytes(shape.layout.group);
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

} // namespace
} // namespace sluice::device
