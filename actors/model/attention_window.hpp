// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which blocks of a sequence attention still sees when every layer looks at the
// last `window` positions and the first `sinks` only. Used by the batch
// scheduler. Knows positions, not memory.
#pragma once

#include "device/backend.hpp"

#include <algorithm>
#include <cstdint>

namespace sluice::actors {

struct attention_window {
  std::uint32_t window = 0; ///< positions, the newest included; 0: all
  std::uint32_t sinks = 0;  ///< positions from the first that are always seen

  /// Blocks that hold sinks: [0, sink_blocks()).
  std::uint32_t sink_blocks() const noexcept {
    return (sinks + tokens - 1) / tokens;
  }

  /// A token at `position` and all after it see no block before this one but
  /// the sinks.
  std::uint32_t first_seen(std::uint32_t position) const noexcept {
    if (window == 0 || position < window)
      return 0;
    return (position - window + 1) / tokens;
  }

  /// Most blocks that a sequence of `length` tokens holds at once when it
  /// grows by at most `step` tokens.
  std::uint32_t most_blocks(std::uint64_t length,
                            std::uint32_t step) const noexcept {
    const auto all = (length + tokens - 1) / tokens;
    if (window == 0)
      return static_cast<std::uint32_t>(all);
    // A window and a step may both begin in the middle of a block.
    const auto seen = (std::uint64_t{window} + step + tokens - 1) / tokens + 1;
    return static_cast<std::uint32_t>(std::min(all, sink_blocks() + seen));
  }

private:
  static constexpr auto tokens =
      static_cast<std::uint32_t>(device::block_tokens);
};

} // namespace sluice::actors
