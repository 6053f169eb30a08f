// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A whole grammar as one automaton with a stack: the rules' machines in one
// list of states. A call pushes the state to return to. Immutable; knows no
// tokens.
#pragma once

#include "device/grammar/syntax.hpp"

#include <cstdint>
#include <vector>

namespace sluice::device {

struct pushdown_state {
  machine_state moves;   ///< targets are states of the pushdown
  bool is_start = false; ///< of its rule: accepts only the empty text here
  /// Pops back to the caller once this state is reached.
  bool returns() const noexcept { return moves.accepting && !is_start; }
  /// Does nothing but return, so a call need not push it.
  bool only_returns() const noexcept {
    return returns() && moves.bytes.empty() && moves.calls.empty();
  }
};

struct pushdown {
  std::vector<pushdown_state> states;
  std::vector<std::uint32_t> starts; ///< by rule; no_state: never called
  std::uint32_t root = 0;            ///< the state to begin in
};

/// Every state of the result lies on a way to an end, so whoever follows it
/// never gets stuck. Throws model_error for a grammar that matches nothing or
/// only the empty text, for left recursion (naming the rules), for rules that
/// are not defined, and when the budget is spent.
pushdown link_rules(const syntax& from, rule_id root, work_budget& budget);

} // namespace sluice::device
