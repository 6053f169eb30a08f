// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/rope_table.hpp"

#include "device/error.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::device {

rope_table::rope_table(const rope_config& config) : config_(config) {
  const std::size_t half = config.dimensions / 2;
  const auto& factors = config.frequency_factors;
  if (config.dimensions % 2 != 0)
    throw model_error("rope turns " + std::to_string(config.dimensions)
                      + " dimensions, which is not even");
  if (!factors.empty() && factors.size() != half)
    throw model_error("rope has " + std::to_string(factors.size())
                      + " frequency factors for " + std::to_string(half)
                      + " pairs");
  for (std::size_t i = 0; i < half; ++i) {
    const double exponent = -2.0 * double(i) / double(config.dimensions);
    const double factor = factors.empty() ? 1.0 : factors[i];
    frequencies_.push_back(std::pow(double(config.theta), exponent) * factor);
  }
}

bool rope_table::serves(const rope_config& c) const noexcept {
  return c.theta == config_.theta && c.dimensions == config_.dimensions
         && c.attention_factor == config_.attention_factor
         && c.frequency_factors == config_.frequency_factors;
}

void rope_table::reserve(std::size_t positions) {
  if (positions <= positions_)
    return;
  positions = std::max(positions, positions_ + positions_ / 2 + 64);
  const std::size_t half = frequencies_.size();
  values_.resize(positions * config_.dimensions);
  for (; positions_ < positions; ++positions_) {
    float* row = values_.data() + positions_ * config_.dimensions;
    for (std::size_t i = 0; i < half; ++i) {
      const double angle = double(positions_) * frequencies_[i];
      row[i] = float(std::cos(angle) * double(config_.attention_factor));
      row[half + i] = float(std::sin(angle) * double(config_.attention_factor));
    }
  }
}

} // namespace sluice::device
