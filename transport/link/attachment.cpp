// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/attachment.hpp"

#include "transport/link/half.hpp"

#include <zstd.h>

namespace sluice::transport::link {

namespace {

// Elements are read in place, so they must lie where such elements may.
template <class T>
std::optional<std::span<const T>> elements(const buffer& from) {
  if (from.size() % sizeof(T) != 0
      || reinterpret_cast<std::uintptr_t>(from.data()) % alignof(T) != 0)
    return std::nullopt;
  return std::span{reinterpret_cast<const T*>(from.data()),
                   from.size() / sizeof(T)};
}

template <class To, class From, class Convert>
void convert(message& what, element type, buffer_pool& pool, Convert each) {
  const auto from = elements<From>(what.attachment);
  if (!from || from->empty())
    return;
  const auto size = from->size() * sizeof(To);
  auto memory = pool.take(size);
  each(*from, std::span{reinterpret_cast<To*>(memory.get()), from->size()});
  const std::span<const std::byte> view{memory.get(), size};
  what.attachment = {std::move(memory), view};
  what.type = type;
}

} // namespace

void narrow(message& what, buffer_pool& pool) {
  if (what.type == element::f32)
    convert<std::uint16_t, float>(
        what, element::bf16, pool,
        [](auto from, auto to) { to_bf16(from, to); });
}

void widen(message& what, buffer_pool& pool) {
  if (what.type == element::bf16)
    convert<float, std::uint16_t>(
        what, element::f32, pool,
        [](auto from, auto to) { from_bf16(from, to); });
}

std::optional<buffer> compress(const buffer& bytes, int level,
                               buffer_pool& pool) {
  const auto bound = ZSTD_compressBound(bytes.size());
  auto memory = pool.take(bound);
  const auto size =
      ZSTD_compress(memory.get(), bound, bytes.data(), bytes.size(), level);
  if (ZSTD_isError(size) != 0 || size >= bytes.size())
    return std::nullopt;
  const std::span<const std::byte> view{memory.get(), size};
  return buffer{std::move(memory), view};
}

std::optional<buffer> decompress(std::span<const std::byte> bytes,
                                 std::size_t size, buffer_pool& pool) {
  auto memory = pool.take(size);
  const auto got =
      ZSTD_decompress(memory.get(), size, bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size)
    return std::nullopt;
  const std::span<const std::byte> view{memory.get(), size};
  return buffer{std::move(memory), view};
}

} // namespace sluice::transport::link
