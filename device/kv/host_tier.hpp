// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// KV blocks in main memory, for those that lost their place in the pool. Holds
// a fixed number and forgets the least recently used. Used by kv_tiers; knows
// no pool and no file.
#pragma once

#include "device/kv/block_key.hpp"

#include <cstddef>
#include <list>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::device {

/// Not thread-safe. The same calls leave the same keys, whatever the blocks
/// hold: stages with equally many slots agree.
class host_tier {
public:
  explicit host_tier(std::size_t slots) : slots_(slots) {}

  /// Keeps a copy, if there is any slot. Returns how many blocks had to go.
  std::size_t put(const block_key& key, std::span<const std::byte> bytes);

  /// The block, now the most recently used; empty if it is not here. Valid
  /// until the next put.
  std::span<const std::byte> get(const block_key& key);

  std::size_t size() const noexcept { return where_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

private:
  struct entry {
    block_key key;
    std::vector<std::byte> bytes;
  };

  std::size_t slots_;
  std::size_t bytes_ = 0;
  std::list<entry> recent_; // least recently used first
  std::unordered_map<block_key, std::list<entry>::iterator, block_key_hash>
      where_;
};

} // namespace sluice::device
