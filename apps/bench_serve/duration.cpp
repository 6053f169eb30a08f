// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

namespace sluice::apps {

namespace {

/// The number at the front, which is then cut off.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, ec] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc{} || !std::isfinite(value))
    return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

} // namespace

double parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 6> units{
      {{"", 1}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}}};
  auto rest = text;
  if (const auto value = take_number(rest); value && *value >= 0)
    for (const auto& [name, seconds] : units)
      if (rest == name)
        return *value * seconds;
  throw std::invalid_argument{
      "'" + std::string{text}
      + "' is no duration; write it as 200ms, 30s or 5m"};
}

double parse_number(std::string_view text) {
  auto rest = text;
  const auto value = take_number(rest);
  if (!value || !rest.empty())
    throw std::invalid_argument{"'" + std::string{text} + "' is no number"};
  return *value;
}

} // namespace sluice::apps
