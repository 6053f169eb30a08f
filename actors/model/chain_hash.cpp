// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/chain_hash.hpp"

#include "device/backend.hpp"

#include <openssl/evp.h>

#include <cassert>
#include <new>

namespace sluice::actors {

void chain_hasher::free_context::operator()(
    evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

chain_hasher::chain_hasher() : context_{EVP_MD_CTX_new()} {
  // Afterwards only the algorithm of this context is used again.
  if (!context_
      || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc{};
}

chain_hasher::~chain_hasher() = default;
chain_hasher::chain_hasher(chain_hasher&&) noexcept = default;
chain_hasher& chain_hasher::operator=(chain_hasher&&) noexcept = default;

void chain_hasher::start() {
  [[maybe_unused]] const int done =
      EVP_DigestInit_ex(context_.get(), nullptr, nullptr);
  assert(done == 1);
}

void chain_hasher::add(const void* data, std::size_t bytes) {
  [[maybe_unused]] const int done =
      EVP_DigestUpdate(context_.get(), data, bytes);
  assert(done == 1);
}

// With its length, so that no two lists of texts look alike.
void chain_hasher::add_text(std::string_view text) {
  const std::uint64_t length = text.size();
  add(&length, sizeof length);
  add(text.data(), text.size());
}

chain_key chain_hasher::finish() {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  [[maybe_unused]] const int done =
      EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
  assert(done == 1);
  chain_key key;
  std::memcpy(key.bytes.data(), digest.data(), key.bytes.size());
  return key;
}

chain_key chain_hasher::root(std::string_view model, std::string_view adapter,
                             std::string_view salt) {
  start();
  add_text(model);
  add_text(adapter);
  add_text(salt);
  return finish();
}

chain_key chain_hasher::next(const chain_key& before,
                             std::span<const std::int32_t> tokens) {
  assert(tokens.size() == device::block_tokens);
  start();
  add(before.bytes.data(), before.bytes.size());
  add(tokens.data(), tokens.size_bytes());
  return finish();
}

void chain_hasher::extend(const chain_key& root,
                          std::span<const std::int32_t> tokens,
                          std::vector<chain_key>& keys) {
  const auto full = tokens.size() / device::block_tokens;
  while (keys.size() < full) {
    const auto& before = keys.empty() ? root : keys.back();
    keys.push_back(
        next(before, tokens.subspan(keys.size() * device::block_tokens,
                                    device::block_tokens)));
  }
}

} // namespace sluice::actors
