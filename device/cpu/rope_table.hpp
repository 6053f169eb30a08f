// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Cosines and sines of rotary position embedding by position, made in double
// precision and rounded once, so every instruction set rotates by the same
// numbers. Grows with the positions asked for. Used by the CPU backend.
#pragma once

#include "device/files/model_config.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::device {

class rope_table {
public:
  explicit rope_table(const rope_config& config);

  /// Whether this table serves `config`.
  bool serves(const rope_config& config) const noexcept;
  /// Makes rows for positions [0, positions).
  void reserve(std::size_t positions);
  /// [dimensions / 2] of one reserved position.
  const float* cosine(std::uint32_t position) const noexcept {
    return values_.data() + std::size_t(position) * config_.dimensions;
  }
  const float* sine(std::uint32_t position) const noexcept {
    return cosine(position) + config_.dimensions / 2;
  }

private:
  rope_config config_;
  std::vector<double> frequencies_; ///< radians per position
  std::vector<float> values_;       ///< [positions][cosines, sines]
  std::size_t positions_ = 0;
};

} // namespace sluice::device
