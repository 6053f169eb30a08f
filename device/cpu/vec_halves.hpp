// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Rounding to f16, reductions over eight AVX lanes and the mode of bf16
// products, shared by the two AVX headers. The trees are those of
// vec_reference.hpp from its second level on. Everything is in an anonymous
// namespace: see there.
#pragma once

#include <immintrin.h>

namespace sluice::device {
namespace {

inline float round_f16(float x) {
  return _cvtsh_ss(_cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT));
}

inline float sum_of_8(__m256 a) {
  const __m128 four =
      _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline float highest_of_8(__m256 a) {
  const __m128 four =
      _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)));
}

inline float highest_bits_of_8(__m256i a) {
  const __m128i four =
      _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
  const __m128i two = _mm_max_epi32(four, _mm_unpackhi_epi64(four, four));
  const __m128i one = _mm_max_epi32(two, _mm_shuffle_epi32(two, 1));
  return _mm_cvtss_f32(_mm_castsi128_ps(one));
}

/// Flushes subnormal operands and results, as vdpbf16ps does, while it lives.
/// What it is to cover must be in a function that is not inlined: compilers
/// move arithmetic across it.
class flush_subnormals {
public:
  flush_subnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040); }
  ~flush_subnormals() { _mm_setcsr(before_); }
  flush_subnormals(const flush_subnormals&) = delete;
  flush_subnormals& operator=(const flush_subnormals&) = delete;

private:
  unsigned before_;
};

} // namespace
} // namespace sluice::device
