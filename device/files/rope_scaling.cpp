// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/rope_scaling.hpp"

#include <cmath>
#include <numbers>

namespace sluice::device {

std::vector<float> linear_factors(std::uint32_t dimensions, double factor) {
  return std::vector<float>(dimensions / 2, static_cast<float>(1.0 / factor));
}

std::vector<float> llama3_factors(double theta, std::uint32_t dimensions,
                                  const llama3_scaling& scaling) {
  const auto original = scaling.original_context;
  const auto low = scaling.low_frequency_factor;
  const auto high = scaling.high_frequency_factor;
  std::vector<float> factors;
  factors.reserve(dimensions / 2);
  for (std::uint32_t i = 0; i < dimensions / 2; ++i) {
    const auto exponent = 2.0 * i / dimensions;
    const auto wavelength = 2.0 * std::numbers::pi * std::pow(theta, exponent);
    const auto waves = original / wavelength; // in the original context
    double factor = 1.0;
    if (waves < low) {
      factor = 1.0 / scaling.factor;
    } else if (waves <= high) {
      const auto smooth = (waves - low) / (high - low);
      factor = (1.0 - smooth) / scaling.factor + smooth;
    }
    factors.push_back(static_cast<float>(factor));
  }
  return factors;
}

std::vector<float> inverse(const std::vector<double>& divisors) {
  std::vector<float> factors;
  factors.reserve(divisors.size());
  for (const auto divisor : divisors) {
    factors.push_back(static_cast<float>(1.0 / divisor));
  }
  return factors;
}

double longrope_attention_factor(double stretch, double original_context) {
  if (stretch <= 1.0) {
    return 1.0;
  }
  return std::sqrt(1.0 + std::log(stretch) / std::log(original_context));
}

} // namespace sluice::device
