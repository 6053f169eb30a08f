// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/scalar.hpp"

#include <charconv>
#include <cmath>

namespace sluice::graph {

namespace {

template <class T>
std::optional<T> parse(std::string_view text) {
  if (text.starts_with('+'))
    text.remove_prefix(1);
  T value{};
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return value;
}

} // namespace

std::optional<std::int64_t> parse_int(std::string_view text) {
  return parse<std::int64_t>(text);
}

std::optional<std::uint64_t> parse_uint(std::string_view text) {
  return parse<std::uint64_t>(text);
}

std::optional<double> parse_double(std::string_view text) {
  auto value = parse<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

} // namespace sluice::graph
