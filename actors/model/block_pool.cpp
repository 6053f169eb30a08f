// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/block_pool.hpp"

#include <cassert>

namespace sluice::actors {

block_pool::block_pool(std::uint32_t size) : owners_(size, 0) {
  free_.reserve(size);
  for (auto block = size; block-- > 0;)
    free_.push_back(block);
}

bool block_pool::extend(owner who, std::vector<std::uint32_t>& table,
                        std::uint32_t count) {
  assert(who != 0);
  if (count > free())
    return false;
  for (; count > 0; --count) {
    const auto block = free_.back();
    free_.pop_back();
    owners_[block] = who;
    table.push_back(block);
  }
  return true;
}

void block_pool::release(owner who, std::vector<std::uint32_t>& table) {
  // Backwards, so that the next owner gets them in the same order.
  for (auto at = table.rbegin(); at != table.rend(); ++at) {
    assert(*at < owners_.size() && owners_[*at] == who);
    owners_[*at] = 0;
    free_.push_back(*at);
  }
  static_cast<void>(who);
  table.clear();
}

std::optional<std::string>
block_pool::check(std::span<const holding> holdings) const {
  const auto complain = [](std::uint32_t block, std::string_view what) {
    return "block " + std::to_string(block) + " " + std::string{what};
  };
  std::vector<bool> seen(owners_.size(), false);
  for (const auto block : free_) {
    if (block >= owners_.size())
      return complain(block, "does not exist but is free");
    if (owners_[block] != 0)
      return complain(block, "is free but has an owner");
    if (seen[block])
      return complain(block, "is free twice");
    seen[block] = true;
  }
  for (const auto& [who, blocks] : holdings)
    for (const auto block : blocks) {
      if (block >= owners_.size())
        return complain(block, "does not exist but is held");
      if (seen[block])
        return complain(block, "is held and also free or held elsewhere");
      if (owners_[block] != who)
        return complain(block, "is held by a sequence that does not own it");
      seen[block] = true;
    }
  for (std::uint32_t block = 0; block < seen.size(); ++block)
    if (!seen[block])
      return complain(block, "leaked: neither free nor held");
  return std::nullopt;
}

} // namespace sluice::actors
