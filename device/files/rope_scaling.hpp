// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Frequency factors of the rope scalings that load: what the frequencies
// 1/theta^(2i/d) are multiplied with. Pure functions, used by both readers.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::device {

/// Linear scaling: `dimensions`/2 factors of 1/factor.
std::vector<float> linear_factors(std::uint32_t dimensions, double factor);

/// Parameters of Llama 3.1's scaling.
struct llama3_scaling {
  double factor = 8.0;
  double low_frequency_factor = 1.0;
  double high_frequency_factor = 4.0;
  double original_context = 8192.0; ///< positions
};

/// Llama 3.1's scaling: long waves are stretched by `factor`, short ones kept,
/// and those between are blended. Returns `dimensions`/2 factors.
std::vector<float> llama3_factors(double theta, std::uint32_t dimensions,
                                  const llama3_scaling& scaling);

/// 1/divisor for each: files store longrope and GGUF factors as divisors.
std::vector<float> inverse(const std::vector<double>& divisors);

/// What longrope multiplies cos and sin with, for a context stretched by
/// `stretch` from `original_context` positions.
double longrope_attention_factor(double stretch, double original_context);

} // namespace sluice::device
