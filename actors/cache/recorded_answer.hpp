// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One answer as it was streamed, delta by delta, so that it can be told again.
// For the cache actor.
#pragma once

#include "actors/messages.hpp"

#include <cstdint>
#include <vector>

namespace sluice::actors {

struct recorded_answer {
  std::vector<text_delta> deltas; ///< the last one has `finish`

  /// Tokens of the prompt; 0 while the last delta is missing.
  std::uint32_t prompt_tokens() const noexcept {
    return deltas.empty() ? 0 : deltas.back().prompt_tokens;
  }

  /// Delta `index` as the answer of request `id`.
  text_delta told_to(request_id id, std::size_t index) const;
};

/// Memory that a delta takes, in bytes.
std::uint64_t bytes_of(const text_delta& delta) noexcept;

} // namespace sluice::actors
