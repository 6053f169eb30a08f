// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/tier_index.hpp"

#include <iterator>

namespace sluice::actors {

void recent_keys::use(const chain_key& key) {
  if (most_ == 0)
    return;
  if (where_.contains(key)) {
    touch(key);
    return;
  }
  if (where_.size() == most_)
    erase(chain_key{order_.front()});
  order_.push_back(key);
  where_.emplace(key, std::prev(order_.end()));
}

void recent_keys::touch(const chain_key& key) {
  if (const auto at = where_.find(key); at != where_.end())
    order_.splice(order_.end(), order_, at->second);
}

void recent_keys::erase(const chain_key& key) {
  if (const auto at = where_.find(key); at != where_.end()) {
    order_.erase(at->second);
    where_.erase(at);
  }
}

void tier_index::loaded(const chain_key& key) {
  host_.touch(key);
  disk_.touch(key);
}

void tier_index::lost(const chain_key& key) {
  host_.erase(key);
  disk_.erase(key);
}

std::size_t tier_index::match(std::span<const chain_key> keys) const {
  std::size_t count = 0;
  while (count < keys.size()
         && (host_.contains(keys[count]) || disk_.contains(keys[count])))
    ++count;
  return count;
}

} // namespace sluice::actors
