// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Norm, rope, activations and sums over one vector header (vec_*.hpp). Included
// once per instruction set by kernels_*.cpp.
#pragma once

#include "device/cpu/kernels.hpp"

namespace sluice::device {
namespace {

// Adding it to |x| < 2^22 rounds x to a whole number (ties to even) and leaves
// that number in the low bits.
constexpr float rounding_shift = 12582912.0f; // 1.5 * 2^23

// e^x: x = n ln 2 + r, Taylor's series of degree 7 for e^r (|r| <= 0.35: below
// a tenth of an ulp), times 2^n. Clamped to the normal range; NaN stays NaN.
inline f32x16 v_exp(f32x16 x) {
  const f32x16 shift = v_set(rounding_shift);
  const f32x16 c = v_min(v_max(x, v_set(-87.0f)), v_set(88.0f));
  const f32x16 t = v_fma(c, v_set(1.44269504f), shift);
  const f32x16 n = v_sub(t, shift);
  // ln 2 in two parts; n times the first is exact.
  f32x16 r = v_fma(n, v_set(-0.693359375f), c);
  r = v_fma(n, v_set(2.12194440e-4f), r);
  f32x16 p = v_set(1.0f / 5040.0f);
  p = v_fma(p, r, v_set(1.0f / 720.0f));
  p = v_fma(p, r, v_set(1.0f / 120.0f));
  p = v_fma(p, r, v_set(1.0f / 24.0f));
  p = v_fma(p, r, v_set(1.0f / 6.0f));
  p = v_fma(p, r, v_set(0.5f));
  p = v_fma(p, r, v_set(1.0f));
  p = v_fma(p, r, v_set(1.0f));
  return v_nan_or(x, v_mul(p, v_pow2(t)));
}

/// x / (1 + e^-x).
inline f32x16 v_silu(f32x16 x) {
  const f32x16 one = v_set(1.0f);
  return v_div(x, v_add(one, v_exp(v_sub(v_set(0.0f), x))));
}

/// 0.5 x (1 + tanh(u)) = x / (1 + e^-2u), u = sqrt(2/pi) (x + 0.044715 x^3).
inline f32x16 v_gelu_tanh(f32x16 x) {
  const f32x16 inner = v_fma(v_mul(v_set(0.044715f), v_mul(x, x)), x, x);
  const f32x16 minus_2u = v_mul(v_set(-1.5957691216f), inner);
  return v_div(x, v_add(v_set(1.0f), v_exp(minus_2u)));
}

/// 1 - 2 / (1 + e^2x): absolute error near 1e-7.
inline f32x16 v_tanh(f32x16 x) {
  const f32x16 one = v_set(1.0f);
  const f32x16 e = v_exp(v_add(x, x));
  return v_sub(one, v_div(v_set(2.0f), v_add(one, e)));
}

/// Calls f(offset, lanes) for 16 lanes at a time; the last may be fewer.
template <class F>
inline void in_lanes(std::size_t n, F f) {
  for (std::size_t i = 0; i < n; i += 16)
    f(i, n - i < 16 ? n - i : std::size_t(16));
}

inline f32x16 load_lanes(const float* p, std::size_t lanes) {
  return lanes == 16 ? v_load(p) : v_load_n(p, lanes);
}

inline void store_lanes(float* p, f32x16 a, std::size_t lanes) {
  if (lanes == 16)
    v_store(p, a);
  else
    v_store_n(p, a, lanes);
}

// Lane j sums the squares of elements j, j + 16, ...; then the tree of v_sum.
void rms_norm(float* out, const float* x, const float* weight, float epsilon,
              std::size_t rows, std::size_t n) {
  for (std::size_t row = 0; row < rows; ++row, x += n, out += n) {
    f32x16 squares = v_set(0.0f);
    in_lanes(n, [&](std::size_t i, std::size_t lanes) {
      const f32x16 a = load_lanes(x + i, lanes);
      squares = v_fma(a, a, squares);
    });
    const float mean = v_sum(squares) / static_cast<float>(n);
    const f32x16 inverse = v_set(1.0f / __builtin_sqrtf(mean + epsilon));
    in_lanes(n, [&](std::size_t i, std::size_t lanes) {
      const f32x16 scaled = v_mul(load_lanes(x + i, lanes), inverse);
      store_lanes(out + i, v_mul(scaled, load_lanes(weight + i, lanes)), lanes);
    });
  }
}

inline void rotate(float& a, float& b, float cosine, float sine) {
  const float x = a;
  const float y = b;
  a = __builtin_fmaf(x, cosine, -(y * sine));
  b = __builtin_fmaf(x, sine, y * cosine);
}

void rope(float* x, const float* cosine, const float* sine,
          std::size_t dimensions, rope_pairs pairs) {
  const std::size_t half = dimensions / 2;
  if (pairs == rope_pairs::adjacent)
    for (std::size_t i = 0; i < half; ++i)
      rotate(x[2 * i], x[2 * i + 1], cosine[i], sine[i]);
  else
    for (std::size_t i = 0; i < half; ++i)
      rotate(x[i], x[i + half], cosine[i], sine[i]);
}

void gated(float* out, const float* gate, const float* up, activation act,
           std::size_t n) {
  in_lanes(n, [&](std::size_t i, std::size_t lanes) {
    const f32x16 g = load_lanes(gate + i, lanes);
    const f32x16 a = act == activation::silu ? v_silu(g) : v_gelu_tanh(g);
    store_lanes(out + i, v_mul(a, load_lanes(up + i, lanes)), lanes);
  });
}

void add(float* x, const float* y, std::size_t n) {
  in_lanes(n, [&](std::size_t i, std::size_t lanes) {
    const f32x16 sum =
        v_add(load_lanes(x + i, lanes), load_lanes(y + i, lanes));
    store_lanes(x + i, sum, lanes);
  });
}

void add_scaled(float* x, const float* y, float weight, std::size_t n) {
  const f32x16 w = v_set(weight);
  in_lanes(n, [&](std::size_t i, std::size_t lanes) {
    const f32x16 sum =
        v_fma(w, load_lanes(y + i, lanes), load_lanes(x + i, lanes));
    store_lanes(x + i, sum, lanes);
  });
}

void softcap(float* x, float cap, std::size_t n) {
  const f32x16 c = v_set(cap);
  in_lanes(n, [&](std::size_t i, std::size_t lanes) {
    const f32x16 t = v_tanh(v_div(load_lanes(x + i, lanes), c));
    store_lanes(x + i, v_mul(c, t), lanes);
  });
}

} // namespace
} // namespace sluice::device
