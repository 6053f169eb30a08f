// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// When requests arrive in an open loop: a renewal process whose rate may change
// over time. Pure: no clock, the generator of random numbers is an argument.
#pragma once

#include <random>
#include <string_view>
#include <vector>

namespace sluice::apps {

/// A stretch of time in which the rate goes from one value to another in a
/// straight line. In requests per second and seconds.
struct rate_ramp {
  double from = 0;
  double to = 0;
  double seconds = 0;
};

/// "1:50:30s". Throws std::invalid_argument that says what is wrong.
rate_ramp parse_ramp(std::string_view text);

/// Gaps are gamma distributed: shape 1 is a Poisson process, below 1 comes in
/// bursts, above 1 is more even, and infinity is a metronome. Under a changing
/// rate, gaps are drawn at rate 1 and stretched by the integral of the rate.
class arrival_process {
public:
  /// Ramps one after the other, and the last rate for ever after. Throws
  /// std::invalid_argument when no rate or burstiness is above 0.
  arrival_process(std::vector<rate_ramp> ramps, double last_rate,
                  double burstiness);

  /// Seconds from the start to the next arrival, later at each call; infinity
  /// once the rate is 0 for ever.
  double next(std::mt19937_64& random);

  /// The rate at a moment, requests per second.
  double rate_at(double seconds) const;
  /// How many arrivals to expect until a moment.
  double expected_until(double seconds) const;

private:
  double time_of(double arrivals) const;

  std::vector<rate_ramp> ramps_;
  double last_rate_;
  double burstiness_;
  double arrived_ = 0; // integral of the rate up to the last arrival
};

} // namespace sluice::apps
