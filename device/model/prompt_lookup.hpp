// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Drafts without a draft model: an answer often repeats what its prompt, or the
// answer so far, has said before. Looks up where the last tokens stood earlier
// and proposes what followed there. Pure; for whoever plans a model's steps.
// Source: Saxena, "Prompt Lookup Decoding", 2023.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

class prompt_lookup {
public:
  /// Matches of fewer than `shortest` tokens propose nothing; of those with
  /// `longest` tokens and more the latest one counts. 1 <= shortest <= longest.
  explicit prompt_lookup(std::uint32_t shortest = 2, std::uint32_t longest = 5);

  /// At most `count` tokens that followed the longest earlier occurrence of the
  /// end of `tokens`, prompt and answer so far; the latest among equals. Empty
  /// when there is none.
  std::vector<std::int32_t> propose(std::span<const std::int32_t> tokens,
                                    std::size_t count) const;

private:
  std::size_t shortest_;
  std::size_t longest_;
};

} // namespace sluice::device
