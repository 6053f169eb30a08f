// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How much one grammar may cost to compile. Grammars come from clients: each
// step and each state is paid for, and who runs out is refused, never waited
// for. Counts, not seconds, so that the same grammar has the same fate
// everywhere.
#pragma once

#include "device/error.hpp"

#include <cstdint>
#include <string>

namespace sluice::device {

class work_budget {
public:
  static constexpr std::uint64_t most_steps = 30'000'000; // about 0.3 s
  static constexpr std::uint64_t most_states = 100'000;

  /// Elementary steps of construction. Throws model_error.
  void steps(std::uint64_t count) {
    steps_ += count;
    if (steps_ > most_steps)
      throw model_error("the grammar is too complex: compiling it takes more "
                        "than "
                        + std::to_string(most_steps) + " steps");
  }

  /// States made. Throws model_error.
  void states(std::uint64_t count) {
    states_ += count;
    if (states_ > most_states)
      throw model_error("the grammar is too complex: it needs more than "
                        + std::to_string(most_states) + " states");
  }

private:
  std::uint64_t steps_ = 0;
  std::uint64_t states_ = 0;
};

} // namespace sluice::device
