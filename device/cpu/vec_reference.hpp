// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sixteen lanes in plain C++: what each vector operation means. The AVX headers
// and the NEON header have the same names and give the same bits. Included by
// one file per instruction set, before the kernel headers; everything is in an
// anonymous namespace so that no linker can mix instruction sets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

namespace sluice::device {
namespace {

struct f32x16 {
  float lane[16];
};
struct i32x16 {
  std::int32_t lane[16];
};
/// 16 lanes of 4 unsigned bytes.
struct weights4 {
  std::uint8_t lane[16][4];
};
/// 4 signed bytes, the same for all lanes.
struct inputs4 {
  std::int8_t value[4];
};

/// 16 lanes of 2 bf16.
struct pairs16 {
  std::uint16_t lane[16][2];
};
/// 2 bf16, the same for all lanes.
struct inputs2 {
  std::uint16_t value[2];
};

/// Rows of x that one pass over a tile serves.
constexpr std::size_t max_rows = 4;
/// The same for tiles of bf16.
constexpr std::size_t max_pair_rows = 4;
/// Tiles that it passes over at once, 1 or 2.
constexpr std::size_t max_tiles = 1;
/// Queries that one pass over a block of K and V serves.
constexpr std::size_t max_states = 4;
/// Bytes of four inputs as store_inputs4 leaves them.
constexpr std::size_t inputs4_bytes = 4;
/// Unrolling of the integer products of a group.
constexpr int product_unroll = 1;

inline std::uint32_t bits(float x) {
  std::uint32_t b;
  std::memcpy(&b, &x, 4);
  return b;
}

inline float from_bits(std::uint32_t b) {
  float x;
  std::memcpy(&x, &b, 4);
  return x;
}

template <class F>
inline f32x16 each(F f) {
  f32x16 r;
  for (int i = 0; i < 16; ++i)
    r.lane[i] = f(i);
  return r;
}

inline f32x16 v_set(float x) {
  return each([&](int) { return x; });
}
inline f32x16 v_load(const float* p) {
  return each([&](int i) { return p[i]; });
}
/// The first n lanes, zeros behind.
inline f32x16 v_load_n(const float* p, std::size_t n) {
  return each([&](int i) { return std::size_t(i) < n ? p[i] : 0.0f; });
}
inline void v_store(float* p, f32x16 a) {
  std::memcpy(p, a.lane, sizeof a.lane);
}
inline void v_store_n(float* p, f32x16 a, std::size_t n) {
  std::memcpy(p, a.lane, n * sizeof(float));
}

inline float f16_value(std::uint16_t h) {
  const std::uint32_t sign = std::uint32_t(h & 0x8000u) << 16;
  const std::uint32_t rest = h & 0x7fffu;
  if (rest < 0x0400u) { // subnormal: rest * 2^-24
    const float magnitude = float(rest) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t shift = rest >= 0x7c00u ? (255u - 31u) : (127u - 15u);
  return from_bits(sign | ((rest << 13) + (shift << 23)));
}
inline f32x16 v_load_f16(const std::uint16_t* p) {
  return each([&](int i) { return f16_value(p[i]); });
}
/// The nearest f16, ties to even; a NaN becomes a quiet one.
inline std::uint16_t f16_bits(float x) {
  const std::uint32_t sign = bits(x) >> 16 & 0x8000u;
  const std::uint32_t m = bits(x) & 0x7fffffffu;
  std::uint32_t h;
  if (m > 0x7f800000u)
    h = 0x7e00u | (m >> 13 & 0x3ffu);
  else if (m >= 0x477ff000u) // 65520 and more: infinite
    h = 0x7c00u;
  else if (m >= 0x38800000u)
    h = (m + 0xfffu + (m >> 13 & 1u) - (112u << 23)) >> 13;
  else // subnormal: 0.5 is counted in steps of 2^-24, as these are
    h = bits(from_bits(m) + 0.5f) - bits(0.5f);
  return static_cast<std::uint16_t>(sign | h);
}
inline void v_store_f16(std::uint16_t* p, f32x16 a) {
  for (int i = 0; i < 16; ++i)
    p[i] = f16_bits(a.lane[i]);
}
/// Each lane rounded to f16.
inline f32x16 v_f16(f32x16 a) {
  return each([&](int i) { return f16_value(f16_bits(a.lane[i])); });
}
inline float round_f16(float x) {
  return f16_value(f16_bits(x));
}

/// The nearest bf16, ties to even; a NaN becomes a quiet one.
inline std::uint16_t bf16_bits(float x) {
  const std::uint32_t b = bits(x);
  const bool nan = (b & 0x7fffffffu) > 0x7f800000u;
  return static_cast<std::uint16_t>(
      (nan ? b | 0x400000u : b + 0x7fffu + (b >> 16 & 1u)) >> 16);
}
inline void v_store_bf16(std::uint16_t* p, f32x16 a) {
  for (int i = 0; i < 16; ++i)
    p[i] = bf16_bits(a.lane[i]);
}

inline f32x16 v_add(f32x16 a, f32x16 b) {
  return each([&](int i) { return a.lane[i] + b.lane[i]; });
}
inline f32x16 v_sub(f32x16 a, f32x16 b) {
  return each([&](int i) { return a.lane[i] - b.lane[i]; });
}
inline f32x16 v_mul(f32x16 a, f32x16 b) {
  return each([&](int i) { return a.lane[i] * b.lane[i]; });
}
inline f32x16 v_div(f32x16 a, f32x16 b) {
  return each([&](int i) { return a.lane[i] / b.lane[i]; });
}
/// a * b + c, rounded once.
inline f32x16 v_fma(f32x16 a, f32x16 b, f32x16 c) {
  return each(
      [&](int i) { return __builtin_fmaf(a.lane[i], b.lane[i], c.lane[i]); });
}
/// b if either is NaN.
inline f32x16 v_max(f32x16 a, f32x16 b) {
  return each(
      [&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
}
inline f32x16 v_min(f32x16 a, f32x16 b) {
  return each(
      [&](int i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
}
/// x where x is NaN, else r.
inline f32x16 v_nan_or(f32x16 x, f32x16 r) {
  return each(
      [&](int i) { return x.lane[i] != x.lane[i] ? x.lane[i] : r.lane[i]; });
}
/// Lanes [first, last) of a, `other` elsewhere.
inline f32x16 v_keep(f32x16 a, std::uint32_t first, std::uint32_t last,
                     float other) {
  return each([&](int i) {
    return std::uint32_t(i) >= first && std::uint32_t(i) < last ? a.lane[i]
                                                                : other;
  });
}
/// Sum of the lanes as a tree: halves 8, 4, 2, 1 apart.
inline float v_sum(f32x16 a) {
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      a.lane[i] += a.lane[i + half];
  return a.lane[0];
}
/// Greatest lane, by the tree of v_sum with v_max.
inline float v_highest(f32x16 a) {
  for (int half = 8; half > 0; half /= 2)
    for (int i = 0; i < half; ++i)
      a.lane[i] = a.lane[i] > a.lane[i + half] ? a.lane[i] : a.lane[i + half];
  return a.lane[0];
}
/// max(a, |x|) by bit pattern, so that a NaN wins. a >= 0.
inline f32x16 v_max_abs(f32x16 a, f32x16 x) {
  return each([&](int i) {
    const std::uint32_t m = bits(x.lane[i]) & 0x7fffffffu;
    return bits(a.lane[i]) > m ? a.lane[i] : from_bits(m);
  });
}
/// Greatest lane by bit pattern. a >= 0.
inline float v_highest_bits(f32x16 a) {
  std::uint32_t m = 0;
  for (int i = 0; i < 16; ++i)
    m = bits(a.lane[i]) > m ? bits(a.lane[i]) : m;
  return from_bits(m);
}
/// 2^n for t = n + rounding_shift, -126 <= n <= 127.
inline f32x16 v_pow2(f32x16 t) {
  return each([&](int i) { return from_bits((bits(t.lane[i]) + 127u) << 23); });
}
/// Low bytes of t = n + rounding_shift: n as int8, -128 <= n <= 127.
inline void v_store_i8(std::int8_t* p, f32x16 t) {
  for (int i = 0; i < 16; ++i)
    p[i] = static_cast<std::int8_t>(bits(t.lane[i]) & 0xffu);
}
/// 16 signed bytes.
inline f32x16 v_load_i8(const std::int8_t* p) {
  return each([&](int i) { return static_cast<float>(p[i]); });
}

inline std::int32_t load_i32(const std::byte* p) {
  std::int32_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline i32x16 i_set(std::int32_t x) {
  i32x16 r;
  for (auto& lane : r.lane)
    lane = x;
  return r;
}
inline f32x16 i_to_f32(i32x16 a) {
  return each([&](int i) { return static_cast<float>(a.lane[i]); });
}
inline weights4 load_weights4(const std::byte* p) {
  weights4 w;
  std::memcpy(&w, p, sizeof w);
  return w;
}
/// 64 bytes on their way to weights4.
struct bytes64 {
  std::uint8_t byte[64];
};
inline bytes64 load_bytes64(const std::byte* p) {
  bytes64 x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline bytes64 low_nibbles(bytes64 x) {
  for (auto& b : x.byte)
    b &= 15u;
  return x;
}
inline bytes64 high_nibbles(bytes64 x) {
  for (auto& b : x.byte)
    b = static_cast<std::uint8_t>(b >> 4);
  return x;
}
/// `low` | (`high` moved `left` bits, to the right if negative, & `mask`).
inline bytes64 with_bits(bytes64 low, bytes64 high, int left,
                         std::uint8_t mask) {
  for (int i = 0; i < 64; ++i) {
    const int moved = left < 0 ? high.byte[i] >> -left : high.byte[i] << left;
    low.byte[i] = static_cast<std::uint8_t>(low.byte[i] | (moved & mask));
  }
  return low;
}
inline weights4 to_weights4(bytes64 x) {
  weights4 w;
  std::memcpy(&w, &x, sizeof w);
  return w;
}
/// 16 unsigned, or signed, bytes.
inline f32x16 v_load_u8(const std::byte* p) {
  return each([&](int i) {
    return static_cast<float>(std::to_integer<std::uint8_t>(p[i]));
  });
}
inline f32x16 v_load_i8(const std::byte* p) {
  return each([&](int i) {
    return static_cast<float>(
        static_cast<std::int8_t>(std::to_integer<std::uint8_t>(p[i])));
  });
}
inline void store_inputs4(std::byte* p, const std::int8_t* x) {
  std::memcpy(p, x, 4);
}
inline inputs4 load_inputs4(const std::byte* p) {
  inputs4 x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
/// Adds the 4 products of each lane; exact.
inline i32x16 i_dot4(i32x16 a, weights4 w, inputs4 x) {
  for (int i = 0; i < 16; ++i)
    for (int j = 0; j < 4; ++j)
      a.lane[i] += std::int32_t(w.lane[i][j]) * std::int32_t(x.value[j]);
  return a;
}

inline pairs16 load_pairs16(const std::byte* p) {
  pairs16 w;
  std::memcpy(&w, p, sizeof w);
  return w;
}
inline inputs2 load_inputs2(const std::byte* p) {
  inputs2 x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
/// The value of a bf16, a subnormal one as zero.
inline float flushed_bf16(std::uint16_t h) {
  return from_bits(std::uint32_t((h & 0x7f80u) == 0 ? h & 0x8000u : h) << 16);
}
/// a * b + c rounded once to 24 bits; zero if that lies below the normal range.
/// Near its lower end the sum of doubles is exact.
inline float flushed_fma(float a, float b, float c) {
  const float r = __builtin_fmaf(a, b, c);
  const double exact = double(a) * double(b) + double(c);
  const bool tiny = __builtin_fabs(exact) < 0x1p-126 - 0x1p-151;
  return tiny ? __builtin_copysignf(0.0f, r) : r;
}
/// a + w[1] * x[1] + w[0] * x[0] in this order, each product added by one fused
/// multiply-add that knows no subnormal numbers: what vdpbf16ps does. Intel's
/// manual (SDM volume 2) has the rounding and the flushing; the order was found
/// on Zen 5 with 8 million random operands, tiny and subnormal ones too, of
/// which none differed.
inline f32x16 v_dot2(f32x16 a, pairs16 w, inputs2 x) {
  for (int i = 0; i < 16; ++i)
    for (int j : {1, 0})
      a.lane[i] = flushed_fma(flushed_bf16(w.lane[i][j]),
                              flushed_bf16(x.value[j]), a.lane[i]);
  return a;
}
/// Held around v_dot2: sets the processor to flush subnormal numbers, if that
/// is how it does it.
struct dot2_mode {
  dot2_mode() {}
};

} // namespace
} // namespace sluice::device
