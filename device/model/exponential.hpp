// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// e^x for softmax weights, made of additions, multiplications and bit shifts
// only: the same bits on every CPU (libm picks its own variant for each), and
// loops over it vectorise. For the sampler and the router of experts.
#pragma once

#include <bit>
#include <cstdint>

namespace sluice::device {

/// e^x for x <= 0 (minus infinity too); 0 below -87. Relative error < 2e-7.
inline float exp_of_negative(float x) noexcept {
  constexpr float lowest = -87.0f;
  const float bounded = x < lowest ? lowest : x;
  // 2^23 + 2^22 added and taken away rounds to the nearest integer.
  constexpr float shifter = 12582912.0f;
  const float shifted = bounded * 1.44269504f + shifter;
  const float n = shifted - shifter;
  const float r = (bounded - n * 0.693145752f) - n * 1.42860677e-6f;
  // Taylor's series to r^7; |r| <= ln(2) / 2.
  float sum = 1.98412698e-4f;
  sum = sum * r + 1.38888889e-3f;
  sum = sum * r + 8.33333333e-3f;
  sum = sum * r + 4.16666667e-2f;
  sum = sum * r + 1.66666667e-1f;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  const auto exponent = std::bit_cast<std::uint32_t>(shifted) << 23;
  const auto scaled =
      std::bit_cast<float>(std::bit_cast<std::uint32_t>(sum) + exponent);
  return x < lowest ? 0.0f : scaled;
}

} // namespace sluice::device
