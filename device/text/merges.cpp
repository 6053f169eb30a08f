// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/merges.hpp"

#include <algorithm>
#include <bit>

namespace sluice::device {

namespace {

/// Up to this many symbols, scanning for the best pair beats a heap.
constexpr std::size_t short_word = 24;

std::uint64_t pair_of(std::int32_t left, std::int32_t right) noexcept {
  return std::uint64_t{static_cast<std::uint32_t>(left)} << 32
         | static_cast<std::uint32_t>(right);
}

std::size_t hash_of(std::uint64_t pair) noexcept {
  pair *= 0x9E3779B97F4A7C15u;
  return static_cast<std::size_t>(pair ^ (pair >> 32));
}

} // namespace

void merge_table::reserve(std::size_t rules) {
  slots_.resize(std::bit_ceil(rules * 2 + 16));
}

void merge_table::add(std::int32_t left, std::int32_t right, rule merged) {
  if ((used_ + 1) * 2 > slots_.size()) {
    auto old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(old.size() * 2, 32), {});
    for (const auto& entry : old)
      if (entry.merged.rank != never) {
        auto at = hash_of(entry.pair) & (slots_.size() - 1);
        while (slots_[at].merged.rank != never)
          at = (at + 1) & (slots_.size() - 1);
        slots_[at] = entry;
      }
  }
  const auto pair = pair_of(left, right);
  auto at = hash_of(pair) & (slots_.size() - 1);
  for (; slots_[at].merged.rank != never; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].pair == pair)
      return;
  slots_[at] = {pair, merged};
  ++used_;
}

merge_table::rule merge_table::find(std::int32_t left,
                                    std::int32_t right) const noexcept {
  if (slots_.empty())
    return {};
  const auto pair = pair_of(left, right);
  for (auto at = hash_of(pair) & (slots_.size() - 1);
       slots_[at].merged.rank != never; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].pair == pair)
      return slots_[at].merged;
  return {};
}

void merge_table::merge(std::vector<std::int32_t>& ids, std::size_t begin,
                        workspace& space) const {
  const auto count = ids.size() - begin;
  if (count < 2)
    return;
  if (count <= short_word)
    merge_short(ids, begin, space);
  else
    merge_long(ids, begin, space);
}

void merge_table::merge_short(std::vector<std::int32_t>& ids, std::size_t begin,
                              workspace& space) const {
  auto* symbols = ids.data() + begin;
  auto count = ids.size() - begin;
  auto& rules = space.rules; // rules[i] merges symbols i and i + 1
  rules.resize(count - 1);
  for (std::size_t i = 0; i + 1 < count; ++i)
    rules[i] = find(symbols[i], symbols[i + 1]);
  while (count > 1) {
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count; ++i)
      if (rules[i].rank < rules[best].rank)
        best = i;
    if (rules[best].rank == never)
      break;
    symbols[best] = rules[best].result;
    std::copy(symbols + best + 2, symbols + count, symbols + best + 1);
    if (best + 2 < count)
      std::copy(rules.begin() + static_cast<std::ptrdiff_t>(best) + 1,
                rules.begin() + static_cast<std::ptrdiff_t>(count) - 1,
                rules.begin() + static_cast<std::ptrdiff_t>(best));
    --count;
    if (best > 0)
      rules[best - 1] = find(symbols[best - 1], symbols[best]);
    if (best + 1 < count)
      rules[best] = find(symbols[best], symbols[best + 1]);
  }
  ids.resize(begin + count);
}

void merge_table::push(workspace& space, std::int32_t left) const {
  if (left < 0)
    return;
  const auto& first = space.links[static_cast<std::size_t>(left)];
  if (first.next < 0)
    return;
  const auto second = space.links[static_cast<std::size_t>(first.next)].id;
  const auto merged = find(first.id, second);
  if (merged.rank == never)
    return;
  space.heap.push_back({merged.rank, left, first.id, second});
  std::push_heap(space.heap.begin(), space.heap.end(),
                 [](const auto& a, const auto& b) {
                   return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
                 });
}

void merge_table::merge_long(std::vector<std::int32_t>& ids, std::size_t begin,
                             workspace& space) const {
  auto& links = space.links;
  links.clear();
  space.heap.clear();
  const auto count = static_cast<std::int32_t>(ids.size() - begin);
  for (std::int32_t i = 0; i < count; ++i)
    links.push_back({ids[begin + static_cast<std::size_t>(i)], i - 1,
                     i + 1 < count ? i + 1 : -1});
  for (std::int32_t i = 0; i + 1 < count; ++i)
    push(space, i);
  while (!space.heap.empty()) {
    std::pop_heap(space.heap.begin(), space.heap.end(),
                  [](const auto& a, const auto& b) {
                    return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
                  });
    const auto best = space.heap.back();
    space.heap.pop_back();
    auto& left = links[static_cast<std::size_t>(best.left)];
    // A merge nearby may have changed either side since it was queued.
    if (left.id != best.left_id || left.next < 0)
      continue;
    auto& right = links[static_cast<std::size_t>(left.next)];
    if (right.id != best.right_id)
      continue;
    left.id = find(best.left_id, best.right_id).result;
    right.id = -1; // gone: no queued pair matches it again
    left.next = right.next;
    if (left.next >= 0)
      links[static_cast<std::size_t>(left.next)].previous = best.left;
    push(space, left.previous);
    push(space, best.left);
  }
  ids.resize(begin);
  for (std::int32_t i = 0; i >= 0; i = links[static_cast<std::size_t>(i)].next)
    ids.push_back(links[static_cast<std::size_t>(i)].id);
}

} // namespace sluice::device
