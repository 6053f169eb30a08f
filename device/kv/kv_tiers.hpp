// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where one shard's KV blocks go when its pool has no place for them: main
// memory, and a file for the time after this process. Used by a model's stage,
// in the stage's thread; knows bytes and names, no pool.
#pragma once

#include "device/kv/disk_tier.hpp"
#include "device/kv/host_tier.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

namespace sluice::device {

struct kv_tier_settings {
  std::size_t host_blocks = 0;
  std::filesystem::path disk = {}; ///< "": none
  std::uint64_t disk_bytes = 0;
  disk_tier::complaint tell = [](const std::string&) {};
};

/// What one shard's tiers did so far and hold.
struct kv_tier_counts {
  std::uint64_t host_hits = 0; ///< blocks
  std::uint64_t disk_hits = 0;
  std::uint64_t host_evicted = 0;
  std::uint64_t host_bytes = 0;
  std::uint64_t disk_bytes = 0;
  disk_counts disk;
};

class kv_tiers {
public:
  /// A file that cannot be used is told and done without.
  kv_tiers(const kv_tier_settings& settings, const kv_identity& identity,
           std::size_t block_bytes);

  /// Keeps a block in main memory: it leaves the pool.
  void save(const block_key& key, std::span<const std::byte> bytes);
  /// Writes a block to disk, sooner or later.
  void store(const block_key& key, std::span<const std::byte> bytes);
  /// Brings a block back from wherever it is.
  bool load(const block_key& key, std::span<std::byte> out);

  /// Keys on disk, least recently used first.
  std::vector<block_key> stored() const;
  kv_tier_counts counts() const;

private:
  host_tier host_;
  std::optional<disk_tier> disk_;
  kv_tier_counts counts_;
};

} // namespace sluice::device
