// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How rows of inputs become int8 for products with integer weights, or bf16 for
// those with bf16, and where they lie. Included once per instruction set by
// kernels_*.cpp, after a vector header.
#pragma once

#include "device/cpu/elementwise_kernels.hpp"

namespace sluice::device {
namespace {

// The rows of a part lie in as few panels of at most max_rows rows as will do,
// all nearly equal. A panel of R rows holds per block of 32: [8][R] inputs of 4
// int8, [R] f32 scales, and [32 / group][R] sum terms: with minima scale * sum
// of the int8 as f32, else -zero * that sum as int32. So a kernel needs one
// pointer for all its rows.
constexpr std::size_t values_bytes = 8 * inputs4_bytes;

/// Bytes of one row's block of 32.
inline std::size_t input_bytes(std::size_t group) {
  return values_bytes + 4 + 4 * (32 / group);
}

inline std::size_t lesser(std::size_t a, std::size_t b) {
  return a < b ? a : b;
}

/// Bytes of one row as pairs of bf16; k is filled up to an even number.
inline std::size_t pairs_bytes(std::size_t k) {
  return (k + 1) / 2 * 4;
}

/// How the rows of a part are shared out among panels.
struct row_panels {
  std::size_t rows;
  std::size_t count;

  row_panels(std::size_t part, std::size_t most)
      : rows(part), count((part + most - 1) / most) {}
  /// First row of panel p; the part's end for p == count.
  std::size_t start(std::size_t p) const { return p * rows / count; }
  std::size_t holding(std::size_t row) const {
    return ((row + 1) * count - 1) / rows;
  }
};

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
  alignas(32) std::int8_t values[32];
  f32x16 whole[2];
  for (int h = 0; h < 2; ++h) {
    const f32x16 scaled = v_mul(v_load(x + 16 * h), inverse);
    const f32x16 low = v_max(scaled, v_set(-127.0f));
    const f32x16 t = v_add(v_min(low, v_set(127.0f)), shift);
    v_store_i8(values + 16 * h, t);
    whole[h] = v_sub(t, shift);
  }
  float sums[2]; // of whole numbers: exact
  const bool one_group = shape.layout.group == row_block;
  sums[0] = v_sum(one_group ? v_add(whole[0], whole[1]) : whole[0]);
  sums[1] = one_group ? 0.0f : v_sum(whole[1]);
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

/// Where a row lies: its panel begins after `before` rows.
struct row_place {
  std::size_t before;
  std::size_t row; ///< in the panel
  std::size_t height;
};

inline row_place place_of(std::size_t row, std::size_t rows, std::size_t most) {
  const std::size_t part = row / part_rows * part_rows;
  const row_panels panels(lesser(part_rows, rows - part), most);
  const std::size_t panel = panels.holding(row - part);
  const std::size_t before = part + panels.start(panel);
  return {before, row - before, part + panels.start(panel + 1) - before};
}

void quantize_row(std::byte* q, const packed_shape& shape, const float* x,
                  const row_place& place) {
  const std::size_t blocks = shape.k / row_block;
  const std::size_t per_scale = shape.input_group / row_block;
  const std::size_t bytes = input_bytes(shape.layout.group);
  std::byte* out = q + place.before * blocks * bytes;
  input_scale by{};
  for (std::size_t b = 0; b < blocks; ++b, x += row_block) {
    if (b % per_scale == 0)
      by = scale_of(x, shape.input_group);
    quantize_block(out + b * place.height * bytes, place.row, place.height,
                   shape, x, by);
  }
}

/// A panel of R rows of bf16: [pairs of inputs][R][2], zeros behind the last.
void round_row(std::byte* q, std::size_t k, const float* x,
               const row_place& place) {
  std::byte* out = q + place.before * pairs_bytes(k) + place.row * 4;
  in_lanes(k, [&](std::size_t i, std::size_t lanes) {
    std::uint16_t halves[16];
    v_store_bf16(halves, load_lanes(x + i, lanes));
    for (std::size_t j = 0; j < lanes; j += 2)
      std::memcpy(out + (i + j) / 2 * place.height * 4, halves + j, 4);
  });
}

void quantize(std::byte* q, const packed_shape& shape, const float* x,
              std::size_t rows, std::size_t first, std::size_t last) {
  const bool pairs = shape.format == tile_format::bf16;
  const std::size_t most = pairs ? max_pair_rows : max_rows;
  for (std::size_t row = first; row < last; ++row) {
    const row_place place = place_of(row, rows, most);
    if (pairs)
      round_row(q, shape.k, x + row * shape.k, place);
    else
      quantize_row(q, shape, x + row * shape.k, place);
  }
}

} // namespace
} // namespace sluice::device
