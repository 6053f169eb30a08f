// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/arrivals.hpp"

#include "apps/bench_serve/duration.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace sluice::apps {

namespace {

/// Arrivals in the first `t` seconds of a ramp.
double area(const rate_ramp& r, double t) {
  return r.from * t + (r.to - r.from) * t * t / (2 * r.seconds);
}

/// The inverse of area(): the root that lies within the ramp.
double time_in(const rate_ramp& r, double arrivals) {
  const double slope = (r.to - r.from) / r.seconds;
  const double root =
      std::sqrt(std::max(0.0, r.from * r.from + 2 * slope * arrivals));
  // This form of the quadratic's solution also holds for slope 0.
  return r.from + root > 0 ? 2 * arrivals / (r.from + root) : 0;
}

} // namespace

rate_ramp parse_ramp(std::string_view text) {
  const auto first = text.find(':');
  const auto second = first == text.npos ? first : text.find(':', first + 1);
  if (second == text.npos)
    throw std::invalid_argument{"'" + std::string{text}
                                + "' is no ramp; write it as FROM:TO:DURATION, "
                                  "e.g. 1:50:30s"};
  const rate_ramp out{parse_number(text.substr(0, first)),
                      parse_number(text.substr(first + 1, second - first - 1)),
                      parse_duration(text.substr(second + 1))};
  if (out.from < 0 || out.to < 0 || out.seconds <= 0)
    throw std::invalid_argument{"'" + std::string{text}
                                + "': rates are not negative, and a ramp "
                                  "lasts longer than nothing"};
  return out;
}

arrival_process::arrival_process(std::vector<rate_ramp> ramps, double last_rate,
                                 double burstiness)
    : ramps_{std::move(ramps)}, last_rate_{last_rate}, burstiness_{burstiness} {
  if (!(burstiness_ > 0))
    throw std::invalid_argument{"the burstiness must be above 0"};
  const bool any = std::any_of(ramps_.begin(), ramps_.end(),
                               [](auto& r) { return r.from + r.to > 0; });
  if (!any && !(last_rate_ > 0))
    throw std::invalid_argument{"the rate must be above 0"};
}

double arrival_process::next(std::mt19937_64& random) {
  double gap = 1;
  if (std::isfinite(burstiness_))
    gap = std::gamma_distribution{burstiness_, 1 / burstiness_}(random);
  arrived_ += gap;
  return time_of(arrived_);
}

double arrival_process::time_of(double arrivals) const {
  double start = 0;
  for (const auto& r : ramps_) {
    const double all = area(r, r.seconds);
    if (arrivals <= all)
      return start + time_in(r, arrivals);
    arrivals -= all;
    start += r.seconds;
  }
  return last_rate_ > 0 ? start + arrivals / last_rate_
                        : std::numeric_limits<double>::infinity();
}

double arrival_process::rate_at(double seconds) const {
  for (const auto& r : ramps_) {
    if (seconds <= r.seconds)
      return r.from + (r.to - r.from) * seconds / r.seconds;
    seconds -= r.seconds;
  }
  return last_rate_;
}

double arrival_process::expected_until(double seconds) const {
  double sum = 0;
  for (const auto& r : ramps_) {
    if (seconds <= r.seconds)
      return sum + area(r, seconds);
    sum += area(r, r.seconds);
    seconds -= r.seconds;
  }
  return sum + last_rate_ * seconds;
}

} // namespace sluice::apps
