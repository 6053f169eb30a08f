// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/half.hpp"

#include <bit>

namespace sluice::transport::link {

std::uint16_t to_bf16(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto quiet = static_cast<std::uint16_t>((bits >> 16) | 0x40);
  // Half of the lowest kept bit, less one when that bit is 0: ties to even.
  const auto rounded =
      static_cast<std::uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
  return (bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded;
}

float from_bf16(std::uint16_t value) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
}

// No branches inside: the compiler makes vectors of these.
void to_bf16(std::span<const float> from,
             std::span<std::uint16_t> to) noexcept {
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i] = to_bf16(from[i]);
}

void from_bf16(std::span<const std::uint16_t> from,
               std::span<float> to) noexcept {
  for (std::size_t i = 0; i < from.size(); ++i)
    to[i] = from_bf16(from[i]);
}

} // namespace sluice::transport::link
