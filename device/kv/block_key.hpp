// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The name under which a KV block is kept outside of its pool. Whoever keeps
// blocks makes the names: equal names must mean equal contents.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::device {

/// 128 bits that nobody can make collide, such as a cut SHA-256.
using block_key = std::array<std::uint8_t, 16>;

/// For unordered maps: any eight bytes of a key are as good as random.
struct block_key_hash {
  std::size_t operator()(const block_key& key) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, key.data(), sizeof value);
    return value;
  }
};

} // namespace sluice::device
