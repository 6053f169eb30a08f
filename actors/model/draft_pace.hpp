// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How many tokens to draft, per model and per sequence. For the batch
// scheduler; pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::actors {

/// A model's drafts.
struct draft_limits {
  std::uint32_t tokens = 0; ///< most per sequence and step; 0: no drafts
  /// Guesses from the sequence's own tokens; else a draft stage proposes.
  bool lookup = false;
  /// With more sequences decoding nothing is drafted: a larger batch makes
  /// better use of the machine than tokens that may be refused.
  std::uint32_t max_batch = 4;
};

/// A sequence's pace: as many drafts as lately held and one more; a rest where
/// none did, longer each time.
class draft_pace {
public:
  /// How many to draft in this step, at most `most`.
  std::uint32_t next(std::uint32_t most) noexcept {
    if (rest_ > 0) {
      --rest_;
      return 0;
    }
    return std::min(most, count_);
  }

  /// `held` of `drafted` >= 1 tokens were accepted.
  void book(std::uint32_t drafted, std::uint32_t held) noexcept {
    if (held > 0) {
      count_ = held == drafted ? held + 2 : held + 1;
      next_rest_ = shortest_rest;
      return;
    }
    count_ = drafted / 2;
    if (count_ > 0)
      return;
    count_ = 1;
    rest_ = next_rest_;
    next_rest_ = std::min(2 * next_rest_, longest_rest);
  }

private:
  static constexpr std::uint32_t shortest_rest = 2; // steps
  static constexpr std::uint32_t longest_rest = 32;

  std::uint32_t count_ = ~std::uint32_t{0}; // no news: as many as may be
  std::uint32_t rest_ = 0;                  // steps
  std::uint32_t next_rest_ = shortest_rest;
};

} // namespace sluice::actors
