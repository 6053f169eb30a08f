// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Names a KV block by everything its contents depend on: the model, the adapter
// and the salt, and all tokens up to the block's end. Equal keys mean equal K
// and V, so the prefix cache shares blocks by key, and the tiers file them
// under it. Used by the batch scheduler and by who keeps blocks elsewhere;
// knows no pool.
//
// Keys are SHA-256 cut to 128 bits. Whoever could make two histories with one
// key would read another tenant's cache, and prompts are chosen by strangers:
// a fast hash without a secret (xxHash, FNV) can be collided on purpose, and a
// secret one would make the disk tier unreadable to the next process. A block
// costs two compressions, about 0.2 us with the processor's SHA instructions.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

struct evp_md_ctx_st;

namespace sluice::actors {

/// The name of a full block and of all before it.
struct chain_key {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const chain_key&, const chain_key&) = default;
};

/// For unordered maps: any eight bytes of a key are as good as random.
struct chain_key_hash {
  std::size_t operator()(const chain_key& key) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, key.bytes.data(), sizeof value);
    return value;
  }
};

class chain_hasher {
public:
  chain_hasher();
  ~chain_hasher();
  chain_hasher(chain_hasher&&) noexcept;
  chain_hasher& operator=(chain_hasher&&) noexcept;

  /// Where the chains of a model begin. Different salts share nothing.
  chain_key root(std::string_view model, std::string_view adapter,
                 std::string_view salt);

  /// The key after one more full block; tokens [device::block_tokens].
  chain_key next(const chain_key& before, std::span<const std::int32_t> tokens);

  /// Extends `keys` to all full blocks of `tokens`; keys[i] names block i.
  void extend(const chain_key& root, std::span<const std::int32_t> tokens,
              std::vector<chain_key>& keys);

private:
  void start();
  void add(const void* data, std::size_t bytes);
  void add_text(std::string_view text);
  chain_key finish();

  struct free_context {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, free_context> context_;
};

} // namespace sluice::actors
