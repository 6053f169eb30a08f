// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which KV blocks are in use, by how many, and what the others still hold: the
// prefix cache. A block that was filled gets a name (its chain key); when its
// last user lets go of it, it stays and can be found by name until the space is
// needed, the least recently used first. The batch scheduler asks before every
// step; tests and operators ask for proof that no block leaked. Knows block
// numbers and names only: the memory behind them is a shard's.
#pragma once

#include "actors/model/chain_hash.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::actors {

/// A block that holds what a chain key names.
struct named_block {
  std::uint32_t block = 0;
  chain_key key;
};

/// Blocks 0..size-1. Each is empty, or cached (named, used by nobody), or used
/// by block tables and pins.
class block_pool {
public:
  explicit block_pool(std::uint32_t size);

  std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(blocks_.size());
  }
  /// Blocks that `extend` could give: empty and cached ones.
  std::uint32_t free() const noexcept {
    return static_cast<std::uint32_t>(empty_.size() + recent_.size());
  }
  std::uint32_t cached() const noexcept {
    return static_cast<std::uint32_t>(recent_.size());
  }
  bool used(std::uint32_t block) const { return blocks_[block].users > 0; }

  /// The block with this name.
  std::optional<std::uint32_t> find(const chain_key& key) const;

  /// How many of `keys` are there without a gap from the first.
  std::size_t match(std::span<const chain_key> keys) const;

  /// Appends `count` fresh blocks to `table`, or none and false. Empty blocks
  /// go first, then cached ones lose their names.
  bool extend(std::vector<std::uint32_t>& table, std::uint32_t count);

  /// Appends `block`, which is used or cached, as one more user of it.
  void share(std::vector<std::uint32_t>& table, std::uint32_t block);

  /// Lets go of all blocks of `table` and empties it. The last block of a
  /// chain is forgotten before those it builds on.
  /// device::no_block is skipped.
  void release(std::vector<std::uint32_t>& table);
  void release(std::uint32_t block);

  /// `block`, in use, now holds what `key` names. A second block of the same
  /// contents stays without a name.
  void name(std::uint32_t block, const chain_key& key);

  /// `block` holds nothing that may be found.
  void forget(std::uint32_t block);

  /// Forgets all names; what is in use stays in use.
  void forget_all();

  /// Keeps `blocks` (no_block is skipped), in use or cached, under `holder`
  /// until `unpin`; they replace what the holder kept before. Pins are a
  /// promise of speed, not of space: see unpin_oldest.
  void pin(const std::string& holder, std::span<const std::uint32_t> blocks);
  void unpin(const std::string& holder);
  /// For when nothing else is left to give. False: there is no pin.
  bool unpin_oldest();
  std::size_t pins() const noexcept { return pins_.size(); }

  /// Names that blocks lost to make room, since the last call.
  std::vector<named_block> take_evicted();

  /// What is wrong with the books, or nothing: each block has exactly the users
  /// that `tables` and the pins show, and each name leads to its block.
  std::optional<std::string>
  check(std::span<const std::span<const std::uint32_t>> tables) const;

private:
  struct entry {
    std::uint32_t users = 0;
    bool named = false;
    chain_key key;
    std::list<std::uint32_t>::iterator place; // in recent_, when cached
  };
  struct pinned {
    std::uint64_t order = 0; // rises with each pin
    std::vector<std::uint32_t> blocks;
  };

  std::uint32_t take_one();
  std::optional<std::string>
  check_users(std::span<const std::uint32_t> users) const;
  std::optional<std::string> check_names() const;

  std::vector<entry> blocks_;
  std::vector<std::uint32_t> empty_; // a stack: the last one is warm in cache
  std::list<std::uint32_t> recent_;  // cached, least recently used first
  std::unordered_map<chain_key, std::uint32_t, chain_key_hash> names_;
  std::map<std::string, pinned> pins_;
  std::uint64_t last_pin_ = 0;
  std::vector<named_block> evicted_;
};

} // namespace sluice::actors
