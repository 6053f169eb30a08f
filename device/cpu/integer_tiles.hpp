// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tiles of integer weights times int8 rows, one struct per format that knows
// how its packed bits (packing.hpp) become bytes. Included once per instruction
// set by kernels_*.cpp, after a vector header.
#pragma once

#include "device/cpu/input_panels.hpp"
#include "device/cpu/tile_fetch.hpp"

namespace sluice::device {
namespace {

inline f32x16 broadcast_f32(const std::byte* p) {
  float x;
  std::memcpy(&x, p, sizeof x);
  return v_set(x);
}

// Each format has: `layout`; `open`, which reads what stands before 256
// elements; `scale` and `minimum` of group g of a block of 32; and
// `vector`, the i-th of its 8 vectors of [16 rows][4 elements] as bytes.

inline weights4 nibbles(const std::byte* values, std::size_t i) {
  const bytes64 both = load_bytes64(values + i % 4 * 64);
  return to_weights4(i < 4 ? low_nibbles(both) : high_nibbles(both));
}

/// The same with more bits above: those at `shift` of `high`, to bit 4.
inline weights4 nibbles_and(const std::byte* values, std::size_t i,
                            const std::byte* high, int shift,
                            std::uint8_t mask) {
  const bytes64 both = load_bytes64(values + i % 4 * 64);
  const bytes64 low = i < 4 ? low_nibbles(both) : high_nibbles(both);
  return to_weights4(with_bits(low, load_bytes64(high), 4 - shift, mask));
}

/// Blocks of 32 along k.
struct block_range {
  std::size_t first;
  std::size_t last;
};

/// Formats whose blocks of 32 have one f16 scale.
struct one_scale {
  void open(const std::byte*) {}
  static f32x16 scale(const std::byte* scales, std::size_t) {
    return v_load_f16(reinterpret_cast<const std::uint16_t*>(scales));
  }
};

struct q8_0_values : one_scale {
  static constexpr tile_layout layout = q8_0_tile;
  static weights4 vector(const std::byte* values, std::size_t i) {
    return load_weights4(values + i * 64);
  }
};

struct q4_0_values : one_scale {
  static constexpr tile_layout layout = q4_0_tile;
  static weights4 vector(const std::byte* values, std::size_t i) {
    return nibbles(values, i);
  }
};

/// Formats whose groups have a 6-bit scale and a 6-bit minimum.
struct scale_and_minimum {
  f32x16 d{};
  f32x16 d_min{};
  void open(const std::byte* head) {
    const auto* halves = reinterpret_cast<const std::uint16_t*>(head);
    d = v_load_f16(halves);
    d_min = v_load_f16(halves + tile_rows);
  }
  f32x16 scale(const std::byte* scales, std::size_t) const {
    return v_mul(d, v_load_u8(scales));
  }
  /// Negative: what is added.
  f32x16 minimum(const std::byte* scales) const {
    return v_sub(v_set(-0.0f), v_mul(d_min, v_load_u8(scales + tile_rows)));
  }
};

struct q4_k_values : scale_and_minimum {
  static constexpr tile_layout layout = q4_k_tile;
  static weights4 vector(const std::byte* values, std::size_t i) {
    return nibbles(values, i);
  }
};

struct q5_k_values : scale_and_minimum {
  static constexpr tile_layout layout = q5_k_tile;
  static weights4 vector(const std::byte* values, std::size_t i) {
    return nibbles_and(values, i, values + 256, static_cast<int>(i), 0x10);
  }
};

struct q6_k_values {
  static constexpr tile_layout layout = q6_k_tile;
  f32x16 d{};
  void open(const std::byte* head) {
    d = v_load_f16(reinterpret_cast<const std::uint16_t*>(head));
  }
  f32x16 scale(const std::byte* scales, std::size_t g) const {
    return v_mul(d, v_load_i8(scales + g * tile_rows));
  }
  static weights4 vector(const std::byte* values, std::size_t i) {
    return nibbles_and(values, i, values + 256 + i / 4 * 64,
                       static_cast<int>(i % 4 * 2), 0x30);
  }
};

/// isum[t][r] += vectors of group g of a block of T tiles, times the rows'
/// inputs.
template <class Format, std::size_t T, std::size_t R>
inline void add_products(i32x16 (*isum)[R], const std::byte* const* values,
                         const std::byte* x, std::size_t g) {
  constexpr std::size_t vectors = Format::layout.group / 4;
#pragma GCC unroll product_unroll
  for (std::size_t i = g * vectors; i < (g + 1) * vectors; ++i) {
    weights4 a[T];
#pragma GCC unroll 2
    for (std::size_t t = 0; t < T; ++t)
      a[t] = Format::vector(values[t], i);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r) {
      const inputs4 b = load_inputs4(x + (i * R + r) * inputs4_bytes);
#pragma GCC unroll 2
      for (std::size_t t = 0; t < T; ++t)
        isum[t][r] = i_dot4(isum[t][r], a[t], b);
    }
  }
}

/// Adds one block of T tiles, at w, times R rows to acc.
template <class Format, std::size_t T, std::size_t R>
inline void add_block(f32x16 (*acc)[R], const Format* formats,
                      const std::byte* const* w, const std::byte* x) {
  constexpr tile_layout layout = Format::layout;
  const std::byte* values[T];
  for (std::size_t t = 0; t < T; ++t)
    values[t] = w[t] + tile_scale_bytes;
#pragma GCC unroll 2
  for (std::size_t g = 0; g < row_block / layout.group; ++g) {
    const std::byte* sum_terms = x + R * (values_bytes + 4 + 4 * g);
    i32x16 isum[T][R];
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
#pragma GCC unroll 2
      for (std::size_t t = 0; t < T; ++t)
        isum[t][r] = i_set(layout.has_min ? 0 : load_i32(sum_terms + 4 * r));
    add_products<Format, T, R>(isum, values, x, g);
#pragma GCC unroll 2
    for (std::size_t t = 0; t < T; ++t) {
      const f32x16 scale = formats[t].scale(w[t], g);
#pragma GCC unroll 8
      for (std::size_t r = 0; r < R; ++r) {
        const f32x16 factor =
            v_mul(scale, broadcast_f32(x + R * values_bytes + 4 * r));
        acc[t][r] = v_fma(i_to_f32(isum[t][r]), factor, acc[t][r]);
        if constexpr (layout.has_min)
          acc[t][r] = v_fma(formats[t].minimum(w[t]),
                            broadcast_f32(sum_terms + 4 * r), acc[t][r]);
      }
    }
  }
}

/// Integer weights. Per group, in this order: acc = fma(float(isum), w_scale *
/// x_scale, acc), where isum is the exact sum of (w - zero) * x; with minima
/// then acc = fma(minimum, x_scale * xsum, acc).
template <class Format>
struct integer_product {
  static constexpr std::size_t most_rows = max_rows;
  static constexpr tile_layout layout = Format::layout;
  static constexpr std::size_t step = tile_scale_bytes + layout.value_bytes;

  /// Where a head comes first, the bytes before that.
  static std::size_t offset(std::size_t b) {
    return (b + 7) / 8 * layout.head_bytes + b * step;
  }

  template <std::size_t T, std::size_t R>
  static void sums(f32x16 (*acc)[R], const matmul_task& task,
                   const std::byte* tiles, std::size_t row, block_range blocks,
                   tile_fetch<T> fetch) {
    const std::size_t row_bytes = input_bytes(layout.group);
    const std::byte* x =
        task.q
        + (row * (task.shape->k / row_block) + blocks.first * R) * row_bytes;
    const std::byte* w[T];
    Format formats[T];
    for (std::size_t t = 0; t < T; ++t) {
      const std::byte* tile = tiles + t * task.shape->tile_bytes;
      if (blocks.first % 8 != 0)
        formats[t].open(tile + offset(blocks.first / 8 * 8));
      w[t] = tile + offset(blocks.first);
    }
    for (std::size_t b = blocks.first; b < blocks.last; ++b) {
      fetch.advance();
      if (layout.head_bytes != 0 && b % 8 == 0)
        for (std::size_t t = 0; t < T; ++t) {
          formats[t].open(w[t]);
          w[t] += layout.head_bytes;
        }
      add_block<Format, T, R>(acc, formats, w, x);
      for (std::size_t t = 0; t < T; ++t)
        w[t] += step;
      x += R * row_bytes;
    }
  }
};

} // namespace
} // namespace sluice::device
