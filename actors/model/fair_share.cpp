// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/fair_share.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace sluice::actors {

std::uint64_t fair_share::least() const {
  auto least = std::numeric_limits<std::uint64_t>::max();
  for (const auto& [name, one] : tenants_)
    if (one.sequences > 0)
      least = std::min(least, one.served);
  return least;
}

void fair_share::join(const std::string& tenant) {
  const auto floor = here_ > 0 ? least() : 0;
  auto& one = tenants_[tenant];
  if (one.sequences++ > 0)
    return;
  one.served = std::max(one.served, floor);
  ++here_;
}

void fair_share::leave(const std::string& tenant) {
  auto& one = tenants_.at(tenant);
  assert(one.sequences > 0);
  if (--one.sequences > 0)
    return;
  if (--here_ == 0) {
    tenants_.clear();
    return;
  }
  // Whoever is not above the others would start at their level anyway.
  const auto floor = least();
  std::erase_if(tenants_, [&](const auto& other) {
    return other.second.sequences == 0 && other.second.served <= floor;
  });
}

void fair_share::charge(const std::string& tenant, std::uint64_t tokens) {
  tenants_.at(tenant).served += tokens;
}

std::uint64_t fair_share::served(const std::string& tenant) const {
  return tenants_.at(tenant).served;
}

} // namespace sluice::actors
