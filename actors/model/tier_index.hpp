// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which blocks the stages of a model keep outside of their pools: in main
// memory and on disk. What the batch scheduler believes, not what is: a stage
// may have lost a block, says so when it is asked to load it, and the block is
// computed again. Pure; the bytes are the stages' (device/kv).
#pragma once

#include "actors/model/chain_hash.hpp"

#include <cstddef>
#include <list>
#include <span>
#include <unordered_map>

namespace sluice::actors {

/// Keys in the order of their use, a bounded number.
class recent_keys {
public:
  explicit recent_keys(std::size_t most) : most_{most} {}

  /// Adds a key or makes it the newest; the oldest one makes room.
  void use(const chain_key& key);
  /// Makes a key that is there the newest.
  void touch(const chain_key& key);
  void erase(const chain_key& key);
  bool contains(const chain_key& key) const { return where_.contains(key); }
  std::size_t size() const noexcept { return where_.size(); }

private:
  std::size_t most_;
  std::list<chain_key> order_; // oldest first
  std::unordered_map<chain_key, std::list<chain_key>::iterator, chain_key_hash>
      where_;
};

class tier_index {
public:
  /// Blocks that main memory and disk hold; 0: there is no such tier.
  tier_index(std::size_t host, std::size_t disk)
      : saves_{host > 0}, stores_{disk > 0}, host_{host}, disk_{disk} {}

  /// Should blocks that lose their place be saved in main memory?
  bool saves() const noexcept { return saves_; }
  /// Should a full block be written to disk, which does not have it?
  bool stores(const chain_key& key) const {
    return stores_ && !disk_.contains(key);
  }

  void saved(const chain_key& key) { host_.use(key); }
  void stored(const chain_key& key) { disk_.use(key); }
  /// A stage found it.
  void loaded(const chain_key& key);
  /// A stage did not.
  void lost(const chain_key& key);

  /// How many of `keys` are there without a gap from the first.
  std::size_t match(std::span<const chain_key> keys) const;

private:
  bool saves_;
  bool stores_;
  recent_keys host_;
  recent_keys disk_;
};

} // namespace sluice::actors
