// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A deterministic automaton over bytes, and over calls of other automata where
// it is a grammar's rule. Plain data with the set operations that the front
// ends need. Knows no syntax and no tokens.
#pragma once

#include "device/grammar/work_budget.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::device {

inline constexpr std::uint32_t no_state = 0xFFFFFFFFu;

struct byte_edge {
  std::uint8_t low = 0;  ///< first byte
  std::uint8_t high = 0; ///< last byte
  std::uint32_t target = 0;
};

/// Runs another rule, which takes at least one byte, then goes on.
struct call_edge {
  std::uint32_t rule = 0;
  std::uint32_t target = 0;
};

struct machine_state {
  bool accepting = false;
  std::vector<byte_edge> bytes; ///< by `low`, disjoint
  std::vector<call_edge> calls; ///< by rule, each once

  /// The state after `byte`, or no_state.
  std::uint32_t next(std::uint8_t byte) const noexcept;
};

/// Starts in state 0, to which no edge leads. No states: matches nothing.
struct machine {
  std::vector<machine_state> states;

  bool is_empty() const noexcept { return states.empty(); }
};

// The next two take machines without calls.

/// What both match.
machine intersect(const machine& a, const machine& b, work_budget& budget);

/// What `a` matches and `b` does not.
machine subtract(const machine& a, const machine& b, work_budget& budget);

/// Whether the whole of `text` matches. For machines without calls.
bool matches(const machine& automaton, std::string_view text) noexcept;

/// Drops states that are not reached from the start or lead to no end, and
/// edges to them; `callable` says which rules match some text at all.
/// A start from which nothing follows leaves a machine of no states, unless it
/// accepts.
machine trim(const machine& automaton, const std::vector<bool>& callable);

} // namespace sluice::device
