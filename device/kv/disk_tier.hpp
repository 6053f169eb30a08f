// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// KV blocks in a file, for the next process and for what main memory cannot
// hold. A fixed number of slots; the least recently used block makes room. A
// thread of its own writes, so that computing never waits for the disk; reads
// are the caller's. Whatever goes wrong is told once, and the tier then does
// without what it cannot have. Used by kv_tiers.
#pragma once

#include "device/kv/block_file.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace sluice::device {

/// What became of the blocks so far.
struct disk_counts {
  std::uint64_t written = 0;
  std::uint64_t evicted = 0;
  std::uint64_t dropped = 0; ///< the writer could not keep up
  std::uint64_t errors = 0;  ///< blocks that were damaged or not written
};

class disk_tier {
public:
  /// For people, called once per kind of trouble, from any thread.
  using complaint = std::function<void(const std::string&)>;

  /// As block_file; at most `bytes` of disk. Throws model_error when the file
  /// cannot be used at all.
  disk_tier(const std::filesystem::path& path, const kv_identity& identity,
            std::size_t block_bytes, std::uint64_t bytes, complaint tell);
  /// Writes what is queued.
  ~disk_tier();
  disk_tier(const disk_tier&) = delete;
  disk_tier& operator=(const disk_tier&) = delete;

  /// Queues a copy for writing; known keys only become recent. Dropped when
  /// the queue is full.
  void put(const block_key& key, std::span<const std::byte> bytes);

  /// Reads a block, which is then the most recently used. False when it is not
  /// here or turned out to be damaged.
  bool get(const block_key& key, std::span<std::byte> out);

  /// Every key, least recently used first.
  std::vector<block_key> keys() const;
  std::uint32_t slots() const noexcept { return slots_; }
  std::uint64_t bytes() const;
  disk_counts counts() const;

  /// Waits until all that was put is written.
  void flush();

private:
  struct entry {
    slot_label label;
    bool written = false;
  };
  using place = std::list<entry>::iterator;
  struct job {
    slot_label label;
    std::vector<std::byte> bytes;
  };

  std::uint32_t free_slot();
  void write_jobs();
  void write_one(std::unique_lock<std::mutex>& lock);
  void forget(const slot_label& label);
  void tell_once(bool& told, const std::string& text);

  std::string name_; ///< of the file
  block_file file_;
  std::size_t block_bytes_;
  std::uint32_t slots_;
  std::size_t most_jobs_;
  complaint tell_;

  mutable std::mutex mutex_; // guards all below
  std::condition_variable changed_;
  std::list<entry> recent_; // least recently used first
  std::unordered_map<block_key, place, block_key_hash> where_;
  std::vector<std::uint32_t> free_;
  std::deque<job> jobs_; // the front one is being written
  std::uint64_t age_ = 0;
  disk_counts counts_;
  bool writable_ = true;
  bool ending_ = false;
  bool told_write_ = false;
  bool told_damage_ = false;
  std::thread writer_;
};

} // namespace sluice::device
