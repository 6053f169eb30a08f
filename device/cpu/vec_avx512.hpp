// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sixteen lanes as one AVX-512 register; meanings are in vec_reference.hpp.
// Everything is in an anonymous namespace: see there.
#pragma once

#include "device/cpu/vec_halves.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::device {
namespace {

using f32x16 = __m512;
using i32x16 = __m512i;
using weights4 = __m512i;
using inputs4 = __m512i;

constexpr std::size_t max_states = 8;
constexpr std::size_t max_rows = 6;
constexpr std::size_t max_pair_rows = 12;
constexpr std::size_t max_tiles = 2;
constexpr std::size_t inputs4_bytes = 4;
constexpr int product_unroll = 8;

inline __mmask16 first_lanes(std::size_t n) {
  return static_cast<__mmask16>((1u << n) - 1u);
}

inline f32x16 v_set(float x) {
  return _mm512_set1_ps(x);
}
inline f32x16 v_load(const float* p) {
  return _mm512_loadu_ps(p);
}
inline f32x16 v_load_n(const float* p, std::size_t n) {
  return _mm512_maskz_loadu_ps(first_lanes(n), p);
}
inline void v_store(float* p, f32x16 a) {
  _mm512_storeu_ps(p, a);
}
inline void v_store_n(float* p, f32x16 a, std::size_t n) {
  _mm512_mask_storeu_ps(p, first_lanes(n), a);
}
inline f32x16 v_load_f16(const std::uint16_t* p) {
  return _mm512_cvtph_ps(
      _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline __m256i halves_of(f32x16 a) {
  return _mm512_cvtps_ph(a, _MM_FROUND_TO_NEAREST_INT);
}
inline void v_store_f16(std::uint16_t* p, f32x16 a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), halves_of(a));
}
inline f32x16 v_f16(f32x16 a) {
  return _mm512_cvtph_ps(halves_of(a));
}
inline void v_store_bf16(std::uint16_t* p, f32x16 a) {
  const __m512i b = _mm512_castps_si512(a);
  const __m512i odd =
      _mm512_and_epi32(_mm512_srli_epi32(b, 16), _mm512_set1_epi32(1));
  const __m512i rounded =
      _mm512_add_epi32(_mm512_add_epi32(b, _mm512_set1_epi32(0x7fff)), odd);
  const __m512i whole =
      _mm512_mask_or_epi32(rounded, _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), b,
                           _mm512_set1_epi32(0x400000));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p),
                      _mm512_cvtepi32_epi16(_mm512_srli_epi32(whole, 16)));
}
inline f32x16 v_add(f32x16 a, f32x16 b) {
  return _mm512_add_ps(a, b);
}
inline f32x16 v_sub(f32x16 a, f32x16 b) {
  return _mm512_sub_ps(a, b);
}
inline f32x16 v_mul(f32x16 a, f32x16 b) {
  return _mm512_mul_ps(a, b);
}
inline f32x16 v_div(f32x16 a, f32x16 b) {
  return _mm512_div_ps(a, b);
}
inline f32x16 v_fma(f32x16 a, f32x16 b, f32x16 c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline f32x16 v_max(f32x16 a, f32x16 b) {
  return _mm512_max_ps(a, b);
}
inline f32x16 v_min(f32x16 a, f32x16 b) {
  return _mm512_min_ps(a, b);
}
inline f32x16 v_nan_or(f32x16 x, f32x16 r) {
  return _mm512_mask_mov_ps(r, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), x);
}
inline f32x16 v_keep(f32x16 a, std::uint32_t first, std::uint32_t last,
                     float other) {
  const auto lanes =
      static_cast<__mmask16>(first_lanes(last) & ~first_lanes(first));
  return _mm512_mask_mov_ps(_mm512_set1_ps(other), lanes, a);
}
inline __m256 high_half(f32x16 a) {
  return _mm512_extractf32x8_ps(a, 1);
}
inline float v_sum(f32x16 a) {
  return sum_of_8(_mm256_add_ps(_mm512_castps512_ps256(a), high_half(a)));
}
inline float v_highest(f32x16 a) {
  return highest_of_8(_mm256_max_ps(_mm512_castps512_ps256(a), high_half(a)));
}
inline f32x16 v_max_abs(f32x16 a, f32x16 x) {
  const __m512i magnitude =
      _mm512_and_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff));
  return _mm512_castsi512_ps(
      _mm512_max_epi32(_mm512_castps_si512(a), magnitude));
}
inline float v_highest_bits(f32x16 a) {
  const __m512i b = _mm512_castps_si512(a);
  return highest_bits_of_8(_mm256_max_epi32(_mm512_castsi512_si256(b),
                                            _mm512_extracti32x8_epi32(b, 1)));
}
inline f32x16 v_pow2(f32x16 t) {
  const __m512i n =
      _mm512_add_epi32(_mm512_castps_si512(t), _mm512_set1_epi32(127));
  return _mm512_castsi512_ps(_mm512_slli_epi32(n, 23));
}
inline void v_store_i8(std::int8_t* p, f32x16 t) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p),
                   _mm512_cvtepi32_epi8(_mm512_castps_si512(t)));
}
inline f32x16 v_load_i8(const std::int8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

inline std::int32_t load_i32(const std::byte* p) {
  std::int32_t x;
  std::memcpy(&x, p, sizeof x);
  return x;
}
inline i32x16 i_set(std::int32_t x) {
  return _mm512_set1_epi32(x);
}
inline f32x16 i_to_f32(i32x16 a) {
  return _mm512_cvtepi32_ps(a);
}
inline weights4 load_weights4(const std::byte* p) {
  return _mm512_loadu_si512(p);
}
using bytes64 = __m512i;
inline bytes64 load_bytes64(const std::byte* p) {
  return _mm512_loadu_si512(p);
}
inline bytes64 low_nibbles(bytes64 a) {
  return _mm512_and_si512(a, _mm512_set1_epi8(15));
}
inline bytes64 high_nibbles(bytes64 a) {
  return low_nibbles(_mm512_srli_epi16(a, 4));
}
inline bytes64 with_bits(bytes64 low, bytes64 high, int left,
                         std::uint8_t mask) {
  const auto by = static_cast<unsigned>(left < 0 ? -left : left);
  const __m512i moved =
      left < 0 ? _mm512_srli_epi16(high, by) : _mm512_slli_epi16(high, by);
  const __m512i bits = _mm512_set1_epi8(static_cast<char>(mask));
  return _mm512_or_si512(low, _mm512_and_si512(moved, bits));
}
inline weights4 to_weights4(bytes64 a) {
  return a;
}
inline f32x16 v_load_u8(const std::byte* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline f32x16 v_load_i8(const std::byte* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline void store_inputs4(std::byte* p, const std::int8_t* x) {
  std::memcpy(p, x, 4);
}
inline inputs4 load_inputs4(const std::byte* p) {
  return _mm512_set1_epi32(load_i32(p));
}
inline i32x16 i_dot4(i32x16 a, weights4 w, inputs4 x) {
  return _mm512_dpbusd_epi32(a, w, x);
}

using pairs16 = __m512i;
using inputs2 = __m512i;
inline pairs16 load_pairs16(const std::byte* p) {
  return _mm512_loadu_si512(p);
}
inline inputs2 load_inputs2(const std::byte* p) {
  return _mm512_set1_epi32(load_i32(p));
}
#if defined(__AVX512BF16__)
inline f32x16 v_dot2(f32x16 a, pairs16 w, inputs2 x) {
  // The intrinsic's own vector type, which no cast makes.
  return _mm512_dpbf16_ps(a, reinterpret_cast<const __m512bh&>(w),
                          reinterpret_cast<const __m512bh&>(x));
}
struct dot2_mode {
  dot2_mode() {}
};
#else
inline f32x16 even_bf16(__m512i x) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(x, 16));
}
inline f32x16 odd_bf16(__m512i x) {
  const __m512i high = _mm512_set1_epi32(static_cast<int>(0xffff0000u));
  return _mm512_castsi512_ps(_mm512_and_epi32(x, high));
}
inline f32x16 v_dot2(f32x16 a, pairs16 w, inputs2 x) {
  a = v_fma(odd_bf16(w), odd_bf16(x), a);
  return v_fma(even_bf16(w), even_bf16(x), a);
}
using dot2_mode = flush_subnormals;
#endif

} // namespace
} // namespace sluice::device
