// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which KV blocks are free and who owns the others. The batch scheduler asks it
// before every step; tests and shutdown ask it to prove that no block leaked.
// Knows block numbers only: the memory behind them is a shard's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::actors {

/// Blocks 0..size-1, each free or owned exactly once.
class block_pool {
public:
  /// Who owns a block; 0 is nobody.
  using owner = std::uint64_t;

  /// An owner's block table, for `check`.
  struct holding {
    owner who = 0;
    std::span<const std::uint32_t> blocks;
  };

  explicit block_pool(std::uint32_t size);

  std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(owners_.size());
  }
  std::uint32_t free() const noexcept {
    return static_cast<std::uint32_t>(free_.size());
  }

  /// Appends `count` blocks to `table`, or none and false.
  bool extend(owner who, std::vector<std::uint32_t>& table,
              std::uint32_t count);

  /// Frees all blocks of `table`, which `who` owns, and empties it.
  void release(owner who, std::vector<std::uint32_t>& table);

  /// What is wrong with the books, or nothing: every block is either free or in
  /// exactly one of `holdings`, under its owner.
  std::optional<std::string> check(std::span<const holding> holdings) const;

private:
  std::vector<owner> owners_;       // [size], 0 when free
  std::vector<std::uint32_t> free_; // a stack: the last freed is warm in cache
};

} // namespace sluice::actors
