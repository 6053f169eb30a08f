// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// All the places where a pushdown automaton may be after some bytes, and what
// the next byte makes of them. The one implementation of a step, used for whole
// documents and, within one frame, for what tokens do. Knows no tokens.
#pragma once

#include "device/grammar/pushdown.hpp"
#include "device/grammar/stack_pool.hpp"

#include <cstdint>
#include <vector>

namespace sluice::device {

/// Bounds for grammars that are ambiguous or nest without end; beyond them
/// places are dropped, so that less is allowed but never anything wrong.
inline constexpr std::size_t most_places = 1024;
inline constexpr std::uint32_t deepest_stack = 4096; // frames

/// What a set of places comes to when calls are entered and ended rules left.
struct open_places {
  std::vector<place> places; ///< that have byte edges, sorted
  bool leaves = false;       ///< the bottom frame may end here
};

/// Enters calls and leaves ended rules, as far as no byte is needed.
open_places open(const pushdown& rules, stack_pool& stacks,
                 const std::vector<place>& places);

/// The places after `byte`, sorted, not yet opened.
std::vector<place> step(const pushdown& rules, const std::vector<place>& opened,
                        std::uint8_t byte);

} // namespace sluice::device
