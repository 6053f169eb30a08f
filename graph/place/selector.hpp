// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a placement rule speaks of: "home", "h*", "home.stage[0..3]",
// "*.rank[1]". Pure text; whether the actor exists is for others to say.
#pragma once

#include "graph/yaml/shorthand.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::graph {

/// How closely a rule names an actor; the closer rule goes first.
enum class closeness : std::uint8_t { everyone, pattern, exact };

struct selector {
  std::string actor; ///< name, or a pattern in which * stands for any text
  std::optional<count_range> stages; ///< inclusive
  std::optional<count_range> ranks;  ///< inclusive

  /// Speaks of some stages or ranks rather than of the whole actor.
  bool of_part() const noexcept { return stages || ranks; }
  closeness close() const noexcept;
  bool matches(std::string_view name) const;
};

shorthand<selector> parse_selector(std::string_view text);

} // namespace sluice::graph
