// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a placement rule speaks of: "home", "h*", "home.stage[0..3]",
// "*.rank[1]", "home.prefill". Pure text; whether the actor exists is for
// others to say.
#pragma once

#include "graph/yaml/shorthand.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::graph {

/// How closely a rule names an actor; the closer rule goes first.
enum class closeness : std::uint8_t { everyone, pattern, exact };

/// What a replica of a model does.
enum class work_phase : std::uint8_t {
  both,
  prefill, ///< reads prompts and hands keys and values on
  decode,  ///< generates from keys and values that it is given
};

std::string_view name(work_phase phase) noexcept;

struct selector {
  std::string actor; ///< name, or a pattern in which * stands for any text
  std::optional<count_range> stages;    ///< inclusive
  std::optional<count_range> ranks;     ///< inclusive
  std::optional<work_phase> phase = {}; ///< prefill or decode

  /// Speaks of some stages, ranks or replicas rather than of the whole actor.
  bool of_part() const noexcept { return stages || ranks || phase; }
  /// Whether a shard of a matching actor is meant.
  bool takes(std::uint32_t stage, std::uint32_t rank,
             work_phase doing) const noexcept;
  /// Whether some shard may be meant by both.
  bool overlaps(const selector& other) const noexcept;
  closeness close() const noexcept;
  bool matches(std::string_view name) const;
};

shorthand<selector> parse_selector(std::string_view text);

} // namespace sluice::graph
