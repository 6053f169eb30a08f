// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Whole answers by the request that they belong to, bounded in bytes and age:
// what the cache actor remembers. Knows no request and no text: a key is a hash
// (answer_key.hpp), an answer an opaque pointer with its size. Pure: time is an
// argument.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <unordered_map>

namespace sluice::actors {

struct recorded_answer;

/// SHA-256 over everything that decides an answer.
using answer_key = std::array<std::uint8_t, 32>;

/// The least recently used go first when there is no room; none is older than
/// the time to live.
class response_cache {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using answer_ptr = std::shared_ptr<const recorded_answer>;

  /// `size` in bytes.
  response_cache(std::chrono::milliseconds ttl, std::uint64_t size)
      : ttl_{ttl}, size_{size} {}

  /// The answer, which is now the most recently used; null when there is none.
  answer_ptr find(const answer_key& key, time_point now);

  /// Remembers `answer` of `bytes` in the place of an older one; forgets others
  /// until there is room. One that is larger than the whole is not taken.
  void keep(const answer_key& key, answer_ptr answer, std::uint64_t bytes,
            time_point now);

  /// Forgets what is too old at `now`.
  void expire(time_point now);

  std::size_t entries() const noexcept { return found_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  struct entry {
    answer_key key{};
    answer_ptr answer;
    std::uint64_t bytes = 0;
    time_point ends;
    std::list<answer_key>::iterator by_age;
  };
  // The key is a hash already.
  struct first_bytes {
    std::size_t operator()(const answer_key& key) const noexcept {
      std::size_t out = 0;
      std::memcpy(&out, key.data(), sizeof out);
      return out;
    }
  };

  void forget(std::list<entry>::iterator which);

  std::chrono::milliseconds ttl_;
  std::uint64_t size_;
  std::uint64_t bytes_ = 0;
  std::list<entry> by_use_;      // the most recently used first
  std::list<answer_key> by_age_; // the oldest first
  std::unordered_map<answer_key, std::list<entry>::iterator, first_bytes>
      found_;
};

} // namespace sluice::actors
