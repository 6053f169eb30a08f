// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which characters ever stand side by side inside a token. Where two
// neighbours in a text never do, no merge can cross between them: a
// vocabulary without pretokenizer may be merged piece by piece there, with the
// same result and short queues. Used by the tokenizer.
#pragma once

#include "device/text/vocabulary.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::device {

class join_filter {
public:
  join_filter() = default;
  /// Learns the tokens that plain text may become.
  explicit join_filter(const vocabulary& words);

  /// Bytes from the start of `text` to the first place that no merge crosses.
  std::size_t piece(std::string_view text) const noexcept;

private:
  bool joins(std::uint32_t left, std::uint32_t right) const noexcept;

  /// One bit per hashed pair: a collision only makes a piece longer. A power
  /// of two; empty: everything joins.
  std::vector<std::uint64_t> bits_;
};

} // namespace sluice::device
