// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The stacks of a pushdown automaton that is in several places at once: stacks
// share their lower parts, and equal stacks have equal ids. Copyable: it moves
// with the request. Knows no rules.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

/// A stack: its topmost frame, or the bottom.
using stack_id = std::uint32_t;
inline constexpr stack_id stack_bottom = 0;

/// A place of the automaton: a state and where it returns to.
struct place {
  std::uint32_t state = 0;
  stack_id stack = stack_bottom;
  bool operator==(const place&) const = default;
  auto operator<=>(const place&) const = default;
};

class stack_pool {
public:
  stack_pool();

  /// `below` with `state` on top.
  stack_id push(stack_id below, std::uint32_t state);
  std::uint32_t top(stack_id at) const { return frames_[at].state; }
  stack_id below(stack_id at) const { return frames_[at].below; }
  std::uint32_t depth(stack_id at) const { return frames_[at].depth; }
  std::size_t size() const noexcept { return frames_.size(); }

  /// Drops all stacks but those of `places`, whose ids change.
  void keep_only(std::span<place> places);

private:
  struct frame {
    std::uint32_t state;
    stack_id below;
    std::uint32_t depth;
    stack_id next; // with the same hash; bottom: none
  };
  std::size_t bucket_of(stack_id below, std::uint32_t state) const noexcept;
  void rehash(std::size_t buckets);

  std::vector<frame> frames_;     // [0] is the bottom; below < own index
  std::vector<stack_id> buckets_; // a power of two
};

} // namespace sluice::device
