// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Philox4x32-10, a counter-based random generator: a pure function from a key
// and a counter to four random words, so that a draw depends on nothing drawn
// before it. The sampler uses it. Source: Salmon, Moraes, Dror and Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace sluice::device {

/// Four random words for `counter` under `key`.
constexpr std::array<std::uint32_t, 4>
philox4x32(std::array<std::uint32_t, 4> counter,
           std::array<std::uint32_t, 2> key) noexcept {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = 0xD2511F53ull * counter[0];
    const std::uint64_t b = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(b >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(b),
               static_cast<std::uint32_t>(a >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

/// A number in [0, 1) with 53 random bits, for one position of one stream.
constexpr double uniform(std::uint64_t seed, std::uint64_t stream,
                         std::uint64_t position) noexcept {
  const auto low = [](std::uint64_t x) {
    return static_cast<std::uint32_t>(x);
  };
  const auto high = [](std::uint64_t x) {
    return static_cast<std::uint32_t>(x >> 32);
  };
  const auto words =
      philox4x32({low(position), high(position), low(stream), high(stream)},
                 {low(seed), high(seed)});
  const auto bits = (std::uint64_t{words[0]} << 32 | words[1]) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

} // namespace sluice::device
