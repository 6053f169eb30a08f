// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Settings of a kind that a host program brings along: what it declares, and
// what a graph file says. Read by the YAML reader, handed to the host's actors.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace sluice::graph {

enum class setting_type : std::uint8_t { text, integer, number, truth, texts };

/// In the order of setting_type.
using setting_value = std::variant<std::string, std::int64_t, double, bool,
                                   std::vector<std::string>>;

using setting_values = std::map<std::string, setting_value, std::less<>>;

/// One setting of a kind.
struct declared_setting {
  std::string name;
  setting_type type = setting_type::text;
  bool required = false;
  /// Of a setting that is left out and not required. Of the declared type.
  setting_value fallback;
  double least = -std::numeric_limits<double>::infinity(); ///< of numbers
  double most = std::numeric_limits<double>::infinity();   ///< of numbers
};

/// An actor of a host's own kind, as a graph file writes it.
struct declared_actor {
  std::string kind;
  setting_values settings; ///< every declared setting that has a value
};

} // namespace sluice::graph
