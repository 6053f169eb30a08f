// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/host_tier.hpp"

namespace sluice::device {

std::size_t host_tier::put(const block_key& key,
                           std::span<const std::byte> bytes) {
  if (slots_ == 0)
    return 0;
  std::size_t gone = 0;
  if (const auto at = where_.find(key); at != where_.end()) {
    recent_.splice(recent_.end(), recent_, at->second);
  } else if (where_.size() < slots_) {
    recent_.push_back({key, {}});
  } else {
    // The oldest one's memory is used again.
    recent_.splice(recent_.end(), recent_, recent_.begin());
    where_.erase(recent_.back().key);
    recent_.back().key = key;
    gone = 1;
  }
  auto& entry = recent_.back();
  bytes_ += bytes.size() - entry.bytes.size();
  entry.bytes.assign(bytes.begin(), bytes.end());
  where_[key] = std::prev(recent_.end());
  return gone;
}

std::span<const std::byte> host_tier::get(const block_key& key) {
  const auto at = where_.find(key);
  if (at == where_.end())
    return {};
  recent_.splice(recent_.end(), recent_, at->second);
  return at->second->bytes;
}

} // namespace sluice::device
