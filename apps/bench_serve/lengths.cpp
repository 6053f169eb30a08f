// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/lengths.hpp"

#include "apps/bench_serve/duration.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::apps {

namespace {

constexpr std::uint32_t longest = 10'000'000; // tokens

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (;;) {
    const auto end = text.find(':');
    out.push_back(text.substr(0, end));
    if (end == text.npos)
      return out;
    text.remove_prefix(end + 1);
  }
}

std::uint32_t parse_tokens(std::string_view text) {
  const double value = parse_number(text);
  if (value < 1 || value > longest || value != std::floor(value))
    throw std::invalid_argument{"'" + std::string{text}
                                + "' is no length; it is a whole number of "
                                  "tokens, 1 or more"};
  return static_cast<std::uint32_t>(value);
}

} // namespace

length_distribution length_distribution::parse(std::string_view text) {
  const auto parts = parts_of(text);
  if (parts.size() == 1)
    return length_distribution{parse_tokens(parts[0])};
  length_distribution out{1};
  if (parts[0] == "uniform" && parts.size() == 3) {
    out.least_ = parse_tokens(parts[1]);
    out.most_ = parse_tokens(parts[2]);
    if (out.most_ < out.least_)
      throw std::invalid_argument{"'" + std::string{text}
                                  + "': the second length is the larger one"};
    return out;
  }
  if (parts[0] == "lognormal" && (parts.size() == 3 || parts.size() == 4)) {
    out.shape_ = shape::lognormal;
    out.median_ = parse_tokens(parts[1]);
    out.sigma_ = parse_number(parts[2]);
    out.most_ = parts.size() == 4 ? parse_tokens(parts[3]) : longest;
    if (out.sigma_ < 0)
      throw std::invalid_argument{"'" + std::string{text}
                                  + "': sigma is not negative"};
    return out;
  }
  throw std::invalid_argument{"'" + std::string{text}
                              + "' is no length; write 80, uniform:32:256 or "
                                "lognormal:MEDIAN:SIGMA[:MAX]"};
}

std::uint32_t length_distribution::sample(std::mt19937_64& random) const {
  if (least_ == most_)
    return least_;
  if (shape_ == shape::uniform)
    return std::uniform_int_distribution{least_, most_}(random);
  const double value =
      median_ * std::exp(sigma_ * std::normal_distribution{}(random));
  return static_cast<std::uint32_t>(
      std::clamp(std::round(value), 1.0, static_cast<double>(most_)));
}

} // namespace sluice::apps
