// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/cache/response_cache.hpp"

namespace sluice::actors {

response_cache::answer_ptr response_cache::find(const answer_key& key,
                                                time_point now) {
  expire(now);
  const auto at = found_.find(key);
  if (at == found_.end())
    return nullptr;
  by_use_.splice(by_use_.begin(), by_use_, at->second);
  return at->second->answer;
}

void response_cache::keep(const answer_key& key, answer_ptr answer,
                          std::uint64_t bytes, time_point now) {
  expire(now);
  if (const auto at = found_.find(key); at != found_.end())
    forget(at->second);
  if (bytes > size_)
    return;
  while (bytes_ + bytes > size_)
    forget(std::prev(by_use_.end()));
  by_age_.push_back(key);
  by_use_.push_front(
      {key, std::move(answer), bytes, now + ttl_, std::prev(by_age_.end())});
  found_.emplace(key, by_use_.begin());
  bytes_ += bytes;
}

void response_cache::expire(time_point now) {
  // All live equally long: the oldest ends first.
  while (!by_age_.empty()) {
    const auto oldest = found_.find(by_age_.front())->second;
    if (oldest->ends > now)
      return;
    forget(oldest);
  }
}

void response_cache::forget(std::list<entry>::iterator which) {
  bytes_ -= which->bytes;
  by_age_.erase(which->by_age);
  found_.erase(which->key);
  by_use_.erase(which);
}

} // namespace sluice::actors
