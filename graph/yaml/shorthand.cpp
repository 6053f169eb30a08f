// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/shorthand.hpp"

#include "graph/yaml/scalar.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

namespace sluice::graph {

namespace {

struct unit {
  std::string_view name;
  double factor;
};

std::string_view trim(std::string_view text) {
  auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// A number followed by one of `units`; "" in `units` allows none.
shorthand<double> measure(std::string_view text, std::span<const unit> units,
                          std::string_view wanted) {
  auto end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos)
    end = text.size();
  auto number = parse_double(text.substr(0, end));
  if (!number)
    return shorthand_error{0, "needs " + std::string(wanted)};
  auto name = trim(text.substr(end));
  for (const auto& known : units)
    if (known.name == name)
      return *number * known.factor;
  if (name.empty())
    return shorthand_error{end, "needs a unit, as in " + std::string(wanted)};
  return shorthand_error{end, "has an unknown unit '" + std::string(name)
                                  + "'; it needs " + std::string(wanted)};
}

/// As measure, to a whole number.
shorthand<std::uint64_t> whole(std::string_view text,
                               std::span<const unit> units,
                               std::string_view wanted) {
  auto value = measure(text, units, wanted);
  if (auto* error = std::get_if<shorthand_error>(&value))
    return *error;
  auto rounded = std::round(std::get<double>(value));
  if (!(rounded < 9.2e18))
    return shorthand_error{0, "is too large"};
  return static_cast<std::uint64_t>(rounded);
}

std::optional<std::uint32_t> count(std::string_view text) {
  std::uint32_t value = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    return std::nullopt;
  return value;
}

} // namespace

shorthand<std::uint64_t> parse_bytes(std::string_view text) {
  static constexpr std::array units{unit{"", 1},
                                    unit{"B", 1},
                                    unit{"kB", 1e3},
                                    unit{"KB", 1e3},
                                    unit{"MB", 1e6},
                                    unit{"GB", 1e9},
                                    unit{"TB", 1e12},
                                    unit{"KiB", 1024.0},
                                    unit{"MiB", 1048576.0},
                                    unit{"GiB", 1073741824.0},
                                    unit{"TiB", 1099511627776.0}};
  return whole(text, units, "a size such as '512MiB' or '2GB'");
}

shorthand<std::uint64_t> parse_duration(std::string_view text) {
  static constexpr std::array units{unit{"ms", 1},     unit{"s", 1000},
                                    unit{"m", 60e3},   unit{"min", 60e3},
                                    unit{"h", 3600e3}, unit{"d", 86400e3}};
  return whole(text, units, "a time such as '250ms', '30s' or '5m'");
}

shorthand<double> parse_price(std::string_view text) {
  static constexpr std::array units{unit{"", 1}, unit{"/h", 1},
                                    unit{"/min", 60}, unit{"/s", 3600},
                                    unit{"/d", 1.0 / 24}};
  return measure(text, units, "a price such as '2.1/h'");
}

shorthand<count_range> parse_range(std::string_view text) {
  constexpr std::string_view wanted =
      "needs a number or a range such as '0..8'";
  auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    auto both = count(trim(text));
    if (!both)
      return shorthand_error{0, std::string(wanted)};
    return count_range{*both, *both};
  }
  auto min = count(trim(text.substr(0, dots)));
  auto max = count(trim(text.substr(dots + 2)));
  if (!min)
    return shorthand_error{0, std::string(wanted)};
  if (!max)
    return shorthand_error{dots + 2, std::string(wanted)};
  if (*min > *max)
    return shorthand_error{0, "is a range that ends before it begins"};
  return count_range{*min, *max};
}

shorthand<std::vector<flow_step>> parse_flow(std::string_view text) {
  std::vector<flow_step> steps;
  for (std::size_t begin = 0; begin <= text.size();) {
    auto arrow = text.find("->", begin);
    auto end = arrow == std::string_view::npos ? text.size() : arrow;
    auto part = text.substr(begin, end - begin);
    auto word = trim(part);
    if (word.empty())
      return shorthand_error{begin, "an actor is missing here"};
    auto offset = begin + part.find(word);
    if (auto space = word.find_first_of(" \t"); space != std::string_view::npos)
      return shorthand_error{offset + space,
                             "'->' is missing after '"
                                 + std::string(word.substr(0, space)) + "'"};
    auto dot = word.find('.');
    flow_step step;
    step.actor = word.substr(0, dot);
    step.offset = offset;
    if (dot != std::string_view::npos)
      step.port = word.substr(dot + 1);
    if (step.actor.empty()
        || (dot != std::string_view::npos && step.port.empty()))
      return shorthand_error{offset,
                             "'" + std::string(word)
                                 + "' is not 'actor' or 'actor.output'"};
    steps.push_back(std::move(step));
    begin = end + 2;
    if (arrow == std::string_view::npos)
      break;
  }
  if (steps.size() < 2)
    return shorthand_error{0, "a flow needs two actors, 'a -> b'"};
  return steps;
}

} // namespace sluice::graph
