// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tiles of integer weights times int8 rows, one struct per format that knows
// how its packed bits (packing.hpp) become bytes. Included once per instruction
// set by kernels_*.cpp, after a vector header.
#pragma once

#include "device/cpu/chunk_sums.hpp"
#include "device/cpu/input_panels.hpp"

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

/// isum[r] += vectors of group g of a block, times the rows' inputs.
template <class Format, std::size_t R>
inline void add_products(i32x16* isum, const std::byte* values,
                         const std::byte* x, std::size_t g) {
  constexpr std::size_t vectors = Format::layout.group / 4;
#pragma GCC unroll product_unroll
  for (std::size_t i = g * vectors; i < (g + 1) * vectors; ++i) {
    const weights4 a = Format::vector(values, i);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < R; ++r)
      isum[r] =
          i_dot4(isum[r], a, load_inputs4(x + (i * R + r) * inputs4_bytes));
  }
}

/// sums[r][c] of R rows with one tile. Per group, in this order:
/// acc = fma(float(isum), w_scale * x_scale, acc), where isum is the exact sum
/// of (w - zero) * x; with minima then acc = fma(minimum, x_scale * xsum, acc).
template <class Format, std::size_t R>
inline void integer_tile(f32x16 (*sums)[sum_chunks], const matmul_task& t,
                         const std::byte* w, std::size_t row) {
  constexpr tile_layout layout = Format::layout;
  constexpr std::size_t groups = row_block / layout.group;
  const std::size_t blocks = t.shape->k / row_block;
  const std::byte* x = t.q + row * blocks * input_bytes(layout.group);
  Format format{};
  for (std::size_t c = 0; c < sum_chunks; ++c) {
    f32x16 acc[R];
    for (std::size_t r = 0; r < R; ++r)
      acc[r] = v_set(0.0f);
    const std::size_t last = chunk_start(c + 1, blocks);
    for (std::size_t b = chunk_start(c, blocks); b < last; ++b) {
      if (layout.head_bytes != 0 && b % 8 == 0) {
        format.open(w);
        w += layout.head_bytes;
      }
#pragma GCC unroll 2
      for (std::size_t g = 0; g < groups; ++g) {
        const f32x16 scale = format.scale(w, g);
        const std::byte* sum_terms = x + R * (values_bytes + 4 + 4 * g);
        i32x16 isum[R];
#pragma GCC unroll 8
        for (std::size_t r = 0; r < R; ++r)
          isum[r] = i_set(layout.has_min ? 0 : load_i32(sum_terms + 4 * r));
        add_products<Format, R>(isum, w + tile_scale_bytes, x, g);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < R; ++r) {
          const f32x16 factor =
              v_mul(scale, broadcast_f32(x + R * values_bytes + 4 * r));
          acc[r] = v_fma(i_to_f32(isum[r]), factor, acc[r]);
          if constexpr (layout.has_min)
            acc[r] = v_fma(format.minimum(w), broadcast_f32(sum_terms + 4 * r),
                           acc[r]);
        }
      }
      w += tile_scale_bytes + layout.value_bytes;
      x += R * input_bytes(layout.group);
    }
    for (std::size_t r = 0; r < R; ++r)
      sums[r][c] = acc[r];
  }
}

} // namespace
} // namespace sluice::device
