// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An automaton as it is drawn from syntax, piece by piece, and the subset
// construction that makes a machine of it. Knows no syntax.
#pragma once

#include "device/grammar/machine.hpp"

#include <cstdint>
#include <vector>

namespace sluice::device {

class nfa {
public:
  using state = std::uint32_t;

  explicit nfa(work_budget& budget) : budget_{&budget} {}

  state add_state();
  void add_jump(state from, state to);
  void add_bytes(state from, std::uint8_t low, std::uint8_t high, state to);
  void add_call(state from, std::uint32_t rule, state to);
  /// Passed only before the first byte.
  void add_begin(state from, state to);
  /// After it no byte may come.
  void add_end(state from, state to);

  /// The deterministic machine from `start` to `accept`; nothing may lead to
  /// `start`. Throws model_error when the budget is spent.
  machine determinize(state start, state accept) const;

private:
  friend class subset_construction;
  struct byte_move {
    std::uint8_t low;
    std::uint8_t high;
    state to;
  };
  struct moves {
    std::vector<state> jumps;
    std::vector<state> begins;
    std::vector<state> ends;
    std::vector<byte_move> bytes;
    std::vector<call_edge> calls;
  };

  work_budget* budget_;
  std::vector<moves> states_;
};

} // namespace sluice::device
