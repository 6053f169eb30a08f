// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sixteen lanes as two AVX2 registers; meanings are in vec_reference.hpp.
// Everything is in an anonymous namespace: see there.
#pragma once

#include "device/cpu/vec_halves.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::device {
namespace {

struct f32x16 {
  __m256 a, b;
};
struct i32x16 {
  __m256i a, b;
};
/// Bytes 0 and 2, and bytes 1 and 3, of each lane as 16-bit words: their
/// products are added in pairs without saturation.
struct weights4 {
  __m256i even_a, odd_a, even_b, odd_b;
};
struct inputs4 {
  __m256i even, odd;
};

constexpr std::size_t max_states = 4;
constexpr std::size_t max_rows = 4;
constexpr std::size_t max_pair_rows = 4;
constexpr std::size_t max_tiles = 1;
constexpr std::size_t inputs4_bytes = 8;
// Unrolled further, GCC gathers all products in memory before it adds them.
constexpr int product_unroll = 1;

inline f32x16 v_set(float x) {
  return {_mm256_set1_ps(x), _mm256_set1_ps(x)};
}
inline f32x16 v_load(const float* p) {
  return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)};
}
inline f32x16 v_load_n(const float* p, std::size_t n) {
  float lanes[16] = {};
  std::memcpy(lanes, p, n * sizeof(float));
  return v_load(lanes);
}
inline void v_store(float* p, f32x16 x) {
  _mm256_storeu_ps(p, x.a);
  _mm256_storeu_ps(p + 8, x.b);
}
inline void v_store_n(float* p, f32x16 x, std::size_t n) {
  float lanes[16];
  v_store(lanes, x);
  std::memcpy(p, lanes, n * sizeof(float));
}
inline __m128i load_8_halves(const std::uint16_t* p) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}
inline f32x16 v_load_f16(const std::uint16_t* p) {
  return {_mm256_cvtph_ps(load_8_halves(p)),
          _mm256_cvtph_ps(load_8_halves(p + 8))};
}
inline __m128i halves_of_8(__m256 x) {
  return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT);
}
inline void v_store_f16(std::uint16_t* p, f32x16 x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), halves_of_8(x.a));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 8), halves_of_8(x.b));
}
inline f32x16 v_f16(f32x16 x) {
  return {_mm256_cvtph_ps(halves_of_8(x.a)), _mm256_cvtph_ps(halves_of_8(x.b))};
}
inline __m128i bf16_of_8(__m256 x) {
  const __m256i b = _mm256_castps_si256(x);
  const __m256i odd =
      _mm256_and_si256(_mm256_srli_epi32(b, 16), _mm256_set1_epi32(1));
  const __m256i rounded =
      _mm256_add_epi32(_mm256_add_epi32(b, _mm256_set1_epi32(0x7fff)), odd);
  const __m256i quiet = _mm256_or_si256(b, _mm256_set1_epi32(0x400000));
  const __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
  const __m256i high = _mm256_srli_epi32(
      _mm256_blendv_epi8(rounded, quiet, _mm256_castps_si256(nan)), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(high),
                          _mm256_extracti128_si256(high, 1));
}
inline void v_store_bf16(std::uint16_t* p, f32x16 x) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), bf16_of_8(x.a));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 8), bf16_of_8(x.b));
}
inline f32x16 v_add(f32x16 x, f32x16 y) {
  return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)};
}
inline f32x16 v_sub(f32x16 x, f32x16 y) {
  return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)};
}
inline f32x16 v_mul(f32x16 x, f32x16 y) {
  return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)};
}
inline f32x16 v_div(f32x16 x, f32x16 y) {
  return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)};
}
inline f32x16 v_fma(f32x16 x, f32x16 y, f32x16 z) {
  return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
inline f32x16 v_max(f32x16 x, f32x16 y) {
  return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)};
}
inline f32x16 v_min(f32x16 x, f32x16 y) {
  return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)};
}
inline __m256 nan_or_8(__m256 x, __m256 r) {
  return _mm256_blendv_ps(r, x, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
}
inline f32x16 v_nan_or(f32x16 x, f32x16 r) {
  return {nan_or_8(x.a, r.a), nan_or_8(x.b, r.b)};
}
/// Lanes of `index` in [first, last) of x, `other` elsewhere.
inline __m256 keep_8(__m256 x, __m256i index, int first, int last,
                     __m256 other) {
  const __m256i before = _mm256_cmpgt_epi32(_mm256_set1_epi32(first), index);
  const __m256i inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(last), index);
  return _mm256_blendv_ps(
      other, x, _mm256_castsi256_ps(_mm256_andnot_si256(before, inside)));
}
inline f32x16 v_keep(f32x16 x, std::uint32_t first, std::uint32_t last,
                     float other) {
  const __m256 o = _mm256_set1_ps(other);
  const __m256i low = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i high = _mm256_add_epi32(low, _mm256_set1_epi32(8));
  return {keep_8(x.a, low, int(first), int(last), o),
          keep_8(x.b, high, int(first), int(last), o)};
}
inline float v_sum(f32x16 x) {
  return sum_of_8(_mm256_add_ps(x.a, x.b));
}
inline float v_highest(f32x16 x) {
  return highest_of_8(_mm256_max_ps(x.a, x.b));
}
inline __m256 max_abs_8(__m256 a, __m256 x) {
  const __m256i magnitude =
      _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
  return _mm256_castsi256_ps(
      _mm256_max_epi32(_mm256_castps_si256(a), magnitude));
}
inline f32x16 v_max_abs(f32x16 x, f32x16 y) {
  return {max_abs_8(x.a, y.a), max_abs_8(x.b, y.b)};
}
inline float v_highest_bits(f32x16 x) {
  return highest_bits_of_8(
      _mm256_max_epi32(_mm256_castps_si256(x.a), _mm256_castps_si256(x.b)));
}
inline __m256 pow2_8(__m256 t) {
  const __m256i n =
      _mm256_add_epi32(_mm256_castps_si256(t), _mm256_set1_epi32(127));
  return _mm256_castsi256_ps(_mm256_slli_epi32(n, 23));
}
inline f32x16 v_pow2(f32x16 t) {
  return {pow2_8(t.a), pow2_8(t.b)};
}
/// The low byte of each lane, 8 bytes.
inline __m128i low_bytes(__m256 t) {
  const __m256i pick = _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1,
                                        -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1,
                                        -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  const __m256i b = _mm256_shuffle_epi8(_mm256_castps_si256(t), pick);
  return _mm_unpacklo_epi32(_mm256_castsi256_si128(b),
                            _mm256_extracti128_si256(b, 1));
}
inline void v_store_i8(std::int8_t* p, f32x16 t) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm_unpacklo_epi64(low_bytes(t.a), low_bytes(t.b)));
}
inline __m256 load_8_bytes(const std::int8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
      _mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline f32x16 v_load_i8(const std::int8_t* p) {
  return {load_8_bytes(p), load_8_bytes(p + 8)};
}

inline std::int32_t load_i32(const std::byte* p) {
  std::int32_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline i32x16 i_set(std::int32_t x) {
  return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)};
}
inline f32x16 i_to_f32(i32x16 x) {
  return {_mm256_cvtepi32_ps(x.a), _mm256_cvtepi32_ps(x.b)};
}
struct bytes64 {
  __m256i a, b;
};
inline bytes64 load_bytes64(const std::byte* p) {
  const auto* q = reinterpret_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(q), _mm256_loadu_si256(q + 1)};
}
inline bytes64 low_nibbles(bytes64 x) {
  const __m256i low = _mm256_set1_epi8(15);
  return {_mm256_and_si256(x.a, low), _mm256_and_si256(x.b, low)};
}
inline bytes64 high_nibbles(bytes64 x) {
  return low_nibbles({_mm256_srli_epi16(x.a, 4), _mm256_srli_epi16(x.b, 4)});
}
inline __m256i with_bits(__m256i low, __m256i high, int left,
                         std::uint8_t mask) {
  const __m256i moved =
      left < 0 ? _mm256_srli_epi16(high, -left) : _mm256_slli_epi16(high, left);
  const __m256i bits = _mm256_set1_epi8(static_cast<char>(mask));
  return _mm256_or_si256(low, _mm256_and_si256(moved, bits));
}
inline bytes64 with_bits(bytes64 low, bytes64 high, int left,
                         std::uint8_t mask) {
  return {with_bits(low.a, high.a, left, mask),
          with_bits(low.b, high.b, left, mask)};
}
inline weights4 to_weights4(bytes64 x) {
  const __m256i low = _mm256_set1_epi16(0xff);
  return {_mm256_and_si256(x.a, low), _mm256_srli_epi16(x.a, 8),
          _mm256_and_si256(x.b, low), _mm256_srli_epi16(x.b, 8)};
}
inline weights4 load_weights4(const std::byte* p) {
  return to_weights4(load_bytes64(p));
}
inline f32x16 v_load_u8(const std::byte* p) {
  const auto* q = reinterpret_cast<const __m128i*>(p);
  return {_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(q))),
          _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(
              _mm_unpackhi_epi64(_mm_loadu_si128(q), _mm_setzero_si128())))};
}
inline f32x16 v_load_i8(const std::byte* p) {
  const auto* q = reinterpret_cast<const __m128i*>(p);
  return {_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(q))),
          _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(
              _mm_unpackhi_epi64(_mm_loadu_si128(q), _mm_setzero_si128())))};
}
/// Inputs lie widened and sorted as weights4 has them: 0, 2, 1, 3.
inline void store_inputs4(std::byte* p, const std::int8_t* x) {
  const std::int16_t wide[4] = {x[0], x[2], x[1], x[3]};
  std::memcpy(p, wide, sizeof wide);
}
inline inputs4 load_inputs4(const std::byte* p) {
  return {_mm256_set1_epi32(load_i32(p)), _mm256_set1_epi32(load_i32(p + 4))};
}
inline __m256i dot_8(__m256i sum, __m256i even, __m256i odd, inputs4 x) {
  return _mm256_add_epi32(
      _mm256_add_epi32(sum, _mm256_madd_epi16(even, x.even)),
      _mm256_madd_epi16(odd, x.odd));
}
inline i32x16 i_dot4(i32x16 s, weights4 w, inputs4 x) {
  return {dot_8(s.a, w.even_a, w.odd_a, x), dot_8(s.b, w.even_b, w.odd_b, x)};
}

/// The halves of 16 pairs, widened.
struct pairs16 {
  f32x16 even, odd;
};
struct inputs2 {
  __m256 even, odd;
};
inline __m256 even_bf16(__m256i x) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(x, 16));
}
inline __m256 odd_bf16(__m256i x) {
  const __m256i high = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  return _mm256_castsi256_ps(_mm256_and_si256(x, high));
}
inline pairs16 load_pairs16(const std::byte* p) {
  const bytes64 x = load_bytes64(p);
  return {{even_bf16(x.a), even_bf16(x.b)}, {odd_bf16(x.a), odd_bf16(x.b)}};
}
inline inputs2 load_inputs2(const std::byte* p) {
  const __m256i x = _mm256_set1_epi32(load_i32(p));
  return {even_bf16(x), odd_bf16(x)};
}
inline f32x16 v_dot2(f32x16 a, pairs16 w, inputs2 x) {
  a = v_fma(w.odd, {x.odd, x.odd}, a);
  return v_fma(w.even, {x.even, x.even}, a);
}
using dot2_mode = flush_subnormals;

} // namespace
} // namespace sluice::device
