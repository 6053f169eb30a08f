// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The little notations inside scalars: "512MiB", "30s", "2.1/h", "0..8" and
// "door -> prep -> pick". Each parser says what it wanted and where it stopped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::graph {

/// Why a notation was refused.
struct shorthand_error {
  std::size_t offset = 0; ///< bytes into the text
  std::string text;
};

template <class T>
using shorthand = std::variant<T, shorthand_error>;

/// "512MiB", "2 GB", "4096": bytes. Powers of 1024 with an i, of 1000 without.
shorthand<std::uint64_t> parse_bytes(std::string_view text);

/// "250ms", "30s", "5m", "2h", "1.5d": milliseconds. A unit is needed.
shorthand<std::uint64_t> parse_duration(std::string_view text);

/// "2.1/h", "0.035/min", "50/d": per hour. A bare number is per hour.
shorthand<double> parse_price(std::string_view text);

/// Inclusive; "3" is 3..3.
struct count_range {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
};

shorthand<count_range> parse_range(std::string_view text);

/// One end of an edge: "pick.home" is actor "pick", port "home".
struct flow_step {
  std::string actor;
  std::string port;       ///< "" if not written
  std::size_t offset = 0; ///< bytes into the text
};

/// "door -> prep -> pick": two or more steps.
shorthand<std::vector<flow_step>> parse_flow(std::string_view text);

} // namespace sluice::graph
