// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/kv_tiers.hpp"

#include "device/error.hpp"

#include <algorithm>

namespace sluice::device {

kv_tiers::kv_tiers(const kv_tier_settings& settings,
                   const kv_identity& identity, std::size_t block_bytes)
    : host_(settings.host_blocks) {
  if (settings.disk.empty())
    return;
  try {
    disk_.emplace(settings.disk, identity, block_bytes, settings.disk_bytes,
                  settings.tell);
  } catch (const model_error& e) {
    settings.tell(e.what());
    ++counts_.disk.errors;
  }
}

void kv_tiers::save(const block_key& key, std::span<const std::byte> bytes) {
  counts_.host_evicted += host_.put(key, bytes);
}

void kv_tiers::store(const block_key& key, std::span<const std::byte> bytes) {
  if (disk_)
    disk_->put(key, bytes);
}

bool kv_tiers::load(const block_key& key, std::span<std::byte> out) {
  if (const auto bytes = host_.get(key); bytes.size() == out.size()) {
    std::ranges::copy(bytes, out.begin());
    ++counts_.host_hits;
    return true;
  }
  if (!disk_ || !disk_->get(key, out))
    return false;
  ++counts_.disk_hits;
  return true;
}

std::vector<block_key> kv_tiers::stored() const {
  return disk_ ? disk_->keys() : std::vector<block_key>{};
}

kv_tier_counts kv_tiers::counts() const {
  auto out = counts_;
  out.host_bytes = host_.bytes();
  if (disk_) {
    out.disk = disk_->counts();
    out.disk_bytes = disk_->bytes();
  }
  return out;
}

} // namespace sluice::device
