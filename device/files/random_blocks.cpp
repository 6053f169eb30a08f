// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/random_blocks.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace sluice::device {

namespace {

constexpr float deviation = 0.02f;
// A number drawn evenly from [-a, a] deviates by a / sqrt(3).
constexpr float widest = deviation * 1.7320508f;

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014): fast, and any state is a good start.
class generator {
public:
  generator(std::uint64_t seed, std::uint64_t first)
      : state_(seed + first * 0xD1B54A32D192ED03ull) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ull;
    std::uint64_t x = state_;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
    return x ^ (x >> 31);
  }

  /// Evenly in [-widest, widest).
  float weight() {
    const auto bits = static_cast<std::int32_t>(next() >> 32);
    return static_cast<float>(bits) * (widest * 0x1p-31f);
  }

  void fill(std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); i += 8) {
      const auto word = next();
      std::memcpy(out.data() + i, &word,
                  std::min<std::size_t>(8, out.size() - i));
    }
  }

private:
  std::uint64_t state_;
};

/// The f16 next below `value` in size; |value| in [2^-24, 65504].
constexpr std::uint16_t half_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint32_t>(bits >> 16 & 0x8000u);
  const int exponent = static_cast<int>(bits >> 23 & 0xffu) - 112;
  const std::uint32_t mantissa = bits & 0x7fffffu;
  if (exponent >= 1)
    return static_cast<std::uint16_t>(
        sign | static_cast<std::uint32_t>(exponent) << 10 | mantissa >> 13);
  if (exponent < -9)
    return static_cast<std::uint16_t>(sign);
  return static_cast<std::uint16_t>(
      sign | (mantissa | 0x800000u) >> (14 - exponent));
}

void put_half(std::byte* out, float value) {
  const auto bits = half_bits(value);
  std::memcpy(out, &bits, sizeof bits);
}

// The scale of a block whose integers are random. The divisors are the standard
// deviations of those integers: 74 for int8, 4.6 for four bits, 9.2 for five,
// 18.5 for six; k-formats multiply by a second random integer.
void put_scales(dtype type, std::byte* block) {
  switch (type) {
  case dtype::q8_0:
    return put_half(block, deviation / 74.0f);
  case dtype::q4_0:
    return put_half(block, deviation / 4.6f);
  case dtype::q4_k: // minima are on average what centres the values
    put_half(block, deviation / 270.0f);
    return put_half(block + 2, deviation / 270.0f * 7.5f);
  case dtype::q5_k:
    put_half(block, deviation / 540.0f);
    return put_half(block + 2, deviation / 540.0f * 15.5f);
  case dtype::q6_k:
    return put_half(block + 208, deviation / (74.0f * 18.5f));
  default:
    assert(false && "not a block format");
  }
}

} // namespace

void random_blocks(dtype type, std::uint64_t seed, std::uint64_t first,
                   std::span<std::byte> out) {
  generator random{seed, first};
  const auto size = block_bytes(type);
  assert(out.size() % size == 0);
  const bool floats = block_elements(type) == 1;
  if (!floats)
    random.fill(out);
  for (std::size_t at = 0; at < out.size(); at += size) {
    auto* block = out.data() + at;
    if (!floats) {
      put_scales(type, block);
    } else if (const float weight = random.weight(); type == dtype::f32) {
      std::memcpy(block, &weight, sizeof weight);
    } else if (type == dtype::f16) {
      put_half(block, weight);
    } else {
      const auto bits = static_cast<std::uint16_t>(
          std::bit_cast<std::uint32_t>(weight) >> 16);
      std::memcpy(block, &bits, sizeof bits);
    }
  }
}

} // namespace sluice::device
