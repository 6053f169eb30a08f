// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How long prompts and answers are: a number, or a distribution to draw from.
// Pure; the generator of random numbers is an argument.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace sluice::apps {

class length_distribution {
public:
  /// "80", "uniform:32:256" (both included) or "lognormal:MEDIAN:SIGMA", with
  /// ":MAX" for an upper bound. In tokens. Throws std::invalid_argument that
  /// says what is wrong.
  static length_distribution parse(std::string_view text);

  /// Always `tokens`.
  explicit length_distribution(std::uint32_t tokens)
      : least_{tokens}, most_{tokens} {}

  /// At least 1.
  std::uint32_t sample(std::mt19937_64& random) const;

private:
  enum class shape : std::uint8_t { uniform, lognormal };

  shape shape_ = shape::uniform;
  std::uint32_t least_;
  std::uint32_t most_; // of lognormal: the bound
  double median_ = 0;
  double sigma_ = 0; // of the logarithm
};

} // namespace sluice::apps
