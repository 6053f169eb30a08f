// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// When an answer would be there, so that a request that must come too late is
// refused at once, and a refused one is told when to come back. Made of a
// measured pace, which is given, and of what answers were like so far. Used by
// the batch scheduler; knows no clock.
#pragma once

#include <cstdint>

namespace sluice::actors {

/// How fast the model is, measured by whoever runs it. 0: not known yet.
struct pace {
  double token_seconds = 0.0; ///< of the whole batch, per token computed
  double step_seconds = 0.0;  ///< from a plan to its result
};

/// The scheduler's load as one newcomer finds it.
struct queue_ahead {
  std::uint64_t prompt_tokens = 0; ///< to be computed before the newcomer's
  std::uint64_t places = 0;        ///< answers that must end before it begins
};

class forecast {
public:
  void measured(const pace& now) noexcept { pace_ = now; }
  bool ready() const noexcept { return pace_.token_seconds > 0.0; }

  /// An answer ended by itself after so many computed prompt tokens and
  /// answer tokens.
  void ended(std::uint32_t prompt_tokens, std::uint32_t answer_tokens) noexcept;

  /// Seconds until the newcomer's first step.
  double wait_seconds(const queue_ahead& ahead) const noexcept;
  /// Seconds from its first step to its last, for so many prompt tokens to
  /// compute and at most so many answer tokens, exactly so many if `exact`.
  double run_seconds(std::uint64_t prompt_tokens, std::uint64_t most_answer,
                     bool exact) const noexcept;
  /// Whole seconds after which a refused request finds a place, 1..60.
  std::uint32_t retry_seconds(const queue_ahead& ahead) const noexcept;

private:
  pace pace_;
  double prompt_ = 0.0; // means over recent answers, in tokens
  double answer_ = 0.0;
  bool any_ = false;
};

} // namespace sluice::actors
