// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/stack_pool.hpp"

#include <algorithm>

namespace sluice::device {

stack_pool::stack_pool() : frames_{{0, 0, 0, 0}}, buckets_(8, stack_bottom) {}

std::size_t stack_pool::bucket_of(stack_id below,
                                  std::uint32_t state) const noexcept {
  const auto key = std::uint64_t{below} << 32 | state;
  return (key * 0x9E3779B97F4A7C15u >> 32) & (buckets_.size() - 1);
}

void stack_pool::rehash(std::size_t buckets) {
  buckets_.assign(buckets, stack_bottom);
  for (stack_id i = 1; i < frames_.size(); ++i) {
    auto& head = buckets_[bucket_of(frames_[i].below, frames_[i].state)];
    frames_[i].next = head;
    head = i;
  }
}

stack_id stack_pool::push(stack_id below, std::uint32_t state) {
  const auto bucket = bucket_of(below, state);
  for (auto i = buckets_[bucket]; i != stack_bottom; i = frames_[i].next)
    if (frames_[i].below == below && frames_[i].state == state)
      return i;
  const auto made = static_cast<stack_id>(frames_.size());
  frames_.push_back({state, below, frames_[below].depth + 1, buckets_[bucket]});
  buckets_[bucket] = made;
  if (frames_.size() > 2 * buckets_.size())
    rehash(4 * buckets_.size());
  return made;
}

void stack_pool::keep_only(std::span<place> places) {
  std::vector<stack_id> renamed(frames_.size(), stack_bottom);
  std::vector<bool> kept(frames_.size());
  for (const auto& one : places)
    for (auto at = one.stack; at != stack_bottom && !kept[at];
         at = frames_[at].below)
      kept[at] = true;
  std::vector<frame> left{frames_.front()};
  for (stack_id i = 1; i < frames_.size(); ++i)
    if (kept[i]) {
      renamed[i] = static_cast<stack_id>(left.size());
      left.push_back(frames_[i]);
      left.back().below = renamed[frames_[i].below];
    }
  frames_ = std::move(left);
  std::size_t buckets = 8;
  while (buckets < frames_.size())
    buckets *= 2;
  rehash(buckets);
  for (auto& one : places)
    one.stack = renamed[one.stack];
}

} // namespace sluice::device
