// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What all tokens of a vocabulary do in one frame of a pushdown automaton: the
// part of a mask that does not depend on what lies below on the stack. The
// slow walk whose results compiled_grammar keeps.
#pragma once

#include "device/grammar/pushdown.hpp"
#include "device/grammar/token_trie.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

/// Maps bytes that no rule tells apart to one number, counted from 0.
struct byte_classes {
  explicit byte_classes(const pushdown& rules);

  std::uint8_t of[256] = {};
  std::size_t count = 0;
};

/// Tokens that may come in a frame, counting those that end in it.
struct frame_tokens {
  std::vector<std::uint64_t> bits;  ///< [vocabulary / 64, rounded up], or empty
  std::vector<std::int32_t> tokens; ///< when they are few
  /// Nodes of the trie at which the frame has ended while the tokens below go
  /// on: their remaining bytes are for the frame below. Sorted.
  std::vector<std::uint32_t> leaves;
  std::uint32_t leaves_id = 0; ///< names `leaves` in compiled_grammar

  std::size_t bytes() const noexcept;
};

/// Starts in `state` at each node of `from` and walks the tokens below.
/// `visited` counts the nodes.
frame_tokens walk_frame(const pushdown& rules, const byte_classes& alphabet,
                        const token_trie& trie, std::uint32_t state,
                        std::span<const std::uint32_t> from,
                        std::uint64_t& visited);

} // namespace sluice::device
