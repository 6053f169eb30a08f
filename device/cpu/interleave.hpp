// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Turns 16 rows of 4-byte words into words of 16 rows, the step that most of
// packing consists of, as fast as memory takes it. Four by four words in
// registers, in the compiler's own vectors, so that it is one text for every
// processor. Used by packing alone.
#pragma once

#include "device/cpu/kernels.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::device {

/// Bytes of one word of all rows.
inline constexpr std::size_t interleaved_bytes = tile_rows * 4;

using four_words = std::uint32_t __attribute__((vector_size(16)));

inline four_words load_words(const std::byte* p) {
  four_words x;
  std::memcpy(&x, p, sizeof x);
  return x;
}

/// Four words of four rows, `stride` bytes apart, each word turned over by
/// `flip`, to one out of four each `interleaved_bytes`.
inline void turn_words(std::byte* out, const std::byte* rows,
                       std::size_t stride, std::uint32_t flip) {
  const auto a = load_words(rows) ^ flip;
  const auto b = load_words(rows + stride) ^ flip;
  const auto c = load_words(rows + 2 * stride) ^ flip;
  const auto d = load_words(rows + 3 * stride) ^ flip;
  const auto ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const auto cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const auto ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const auto cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const four_words turned[] = {
      __builtin_shufflevector(ab, cd, 0, 1, 4, 5),
      __builtin_shufflevector(ab, cd, 2, 3, 6, 7),
      __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
      __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (std::size_t word = 0; word < 4; ++word)
    std::memcpy(out + word * interleaved_bytes, &turned[word],
                sizeof turned[word]);
}

/// [16 rows][words] -> [words][16 rows]; rows lie `stride` bytes apart. Every
/// word is turned over by `flip`.
inline void interleave_words(std::byte* out, const std::byte* rows,
                             std::size_t stride, std::size_t words,
                             std::uint32_t flip = 0) {
  std::size_t i = 0;
  for (; i + 4 <= words; i += 4)
    for (std::size_t r = 0; r < tile_rows; r += 4)
      turn_words(out + i * interleaved_bytes + r * 4, rows + r * stride + i * 4,
                 stride, flip);
  for (; i < words; ++i)
    for (std::size_t r = 0; r < tile_rows; ++r) {
      std::uint32_t word;
      std::memcpy(&word, rows + r * stride + i * 4, sizeof word);
      word ^= flip;
      std::memcpy(out + i * interleaved_bytes + r * 4, &word, sizeof word);
    }
}

} // namespace sluice::device
