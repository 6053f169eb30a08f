// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/block_pool.hpp"

#include "device/backend.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace sluice::actors {

namespace {

std::string complaint(std::uint32_t block, std::string_view what) {
  return "block " + std::to_string(block) + " " + std::string{what};
}

} // namespace

block_pool::block_pool(std::uint32_t size) : blocks_(size) {
  empty_.reserve(size);
  for (auto block = size; block-- > 0;)
    empty_.push_back(block);
}

std::optional<std::uint32_t> block_pool::find(const chain_key& key) const {
  const auto at = names_.find(key);
  return at == names_.end() ? std::nullopt : std::optional{at->second};
}

std::size_t block_pool::match(std::span<const chain_key> keys) const {
  const auto miss = std::ranges::find_if_not(
      keys, [&](const chain_key& key) { return names_.contains(key); });
  return static_cast<std::size_t>(miss - keys.begin());
}

std::uint32_t block_pool::take_one() {
  if (!empty_.empty()) {
    const auto block = empty_.back();
    empty_.pop_back();
    return block;
  }
  const auto block = recent_.front();
  recent_.pop_front();
  auto& one = blocks_[block];
  evicted_.push_back({block, one.key});
  names_.erase(one.key);
  one.named = false;
  return block;
}

bool block_pool::extend(std::vector<std::uint32_t>& table,
                        std::uint32_t count) {
  if (count > free())
    return false;
  for (; count > 0; --count) {
    const auto block = take_one();
    blocks_[block].users = 1;
    table.push_back(block);
  }
  return true;
}

void block_pool::share(std::vector<std::uint32_t>& table, std::uint32_t block) {
  auto& one = blocks_[block];
  if (one.users == 0) {
    assert(one.named);
    recent_.erase(one.place);
  }
  ++one.users;
  table.push_back(block);
}

void block_pool::release(std::uint32_t block) {
  auto& one = blocks_[block];
  assert(one.users > 0);
  if (--one.users > 0)
    return;
  if (one.named)
    one.place = recent_.insert(recent_.end(), block);
  else
    empty_.push_back(block);
}

void block_pool::release(std::vector<std::uint32_t>& table) {
  for (auto at = table.rbegin(); at != table.rend(); ++at)
    if (*at != device::no_block)
      release(*at);
  table.clear();
}

void block_pool::name(std::uint32_t block, const chain_key& key) {
  auto& one = blocks_[block];
  assert(one.users > 0 && !one.named);
  if (!names_.emplace(key, block).second)
    return;
  one.named = true;
  one.key = key;
}

void block_pool::forget(std::uint32_t block) {
  auto& one = blocks_[block];
  if (!one.named)
    return;
  names_.erase(one.key);
  one.named = false;
  if (one.users > 0)
    return;
  recent_.erase(one.place);
  empty_.push_back(block);
}

void block_pool::forget_all() {
  for (std::uint32_t block = 0; block < size(); ++block)
    forget(block);
}

void block_pool::pin(const std::string& holder,
                     std::span<const std::uint32_t> blocks) {
  pinned fresh{++last_pin_, {}};
  for (const auto block : blocks)
    if (block != device::no_block)
      share(fresh.blocks, block);
  unpin(holder);
  pins_.emplace(holder, std::move(fresh));
}

void block_pool::unpin(const std::string& holder) {
  const auto at = pins_.find(holder);
  if (at == pins_.end())
    return;
  release(at->second.blocks);
  pins_.erase(at);
}

bool block_pool::unpin_oldest() {
  const auto oldest = std::ranges::min_element(
      pins_, {}, [](const auto& pin) { return pin.second.order; });
  if (oldest == pins_.end())
    return false;
  release(oldest->second.blocks);
  pins_.erase(oldest);
  return true;
}

std::vector<named_block> block_pool::take_evicted() {
  return std::exchange(evicted_, {});
}

std::optional<std::string> block_pool::check(
    std::span<const std::span<const std::uint32_t>> tables) const {
  std::vector<std::uint32_t> users(blocks_.size(), 0);
  const auto count = [&](std::span<const std::uint32_t> table) {
    for (const auto block : table) {
      if (block == device::no_block)
        continue;
      if (block >= users.size())
        return std::optional{complaint(block, "does not exist but is held")};
      ++users[block];
    }
    return std::optional<std::string>{};
  };
  for (const auto table : tables)
    if (auto wrong = count(table))
      return wrong;
  for (const auto& [holder, pin] : pins_)
    if (auto wrong = count(pin.blocks))
      return wrong;
  if (auto wrong = check_users(users))
    return wrong;
  return check_names();
}

std::optional<std::string>
block_pool::check_users(std::span<const std::uint32_t> users) const {
  for (std::uint32_t block = 0; block < users.size(); ++block)
    if (users[block] != blocks_[block].users)
      return complaint(
          block, "is held " + std::to_string(users[block]) + " times but has "
                     + std::to_string(blocks_[block].users) + " users");
  std::vector<bool> seen(blocks_.size(), false);
  for (const auto block : empty_) {
    if (blocks_[block].users > 0 || blocks_[block].named)
      return complaint(block, "is empty but used or named");
    if (seen[block])
      return complaint(block, "is empty twice");
    seen[block] = true;
  }
  for (const auto block : recent_) {
    if (blocks_[block].users > 0 || !blocks_[block].named)
      return complaint(block, "is cached but used or without a name");
    if (seen[block])
      return complaint(block, "is cached twice or empty, too");
    seen[block] = true;
  }
  for (std::uint32_t block = 0; block < users.size(); ++block)
    if (!seen[block] && users[block] == 0)
      return complaint(block, "leaked: neither empty, cached nor held");
  return std::nullopt;
}

std::optional<std::string> block_pool::check_names() const {
  std::size_t named = 0;
  for (std::uint32_t block = 0; block < size(); ++block) {
    if (!blocks_[block].named)
      continue;
    ++named;
    const auto at = names_.find(blocks_[block].key);
    if (at == names_.end() || at->second != block)
      return complaint(block, "has a name that leads elsewhere");
  }
  if (named != names_.size())
    return "a name leads to a block that does not bear it";
  return std::nullopt;
}

} // namespace sluice::actors
