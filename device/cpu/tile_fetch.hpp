// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Fetches weights from memory while earlier ones are multiplied. A processor
// foresees a stream that it reads all the time; with many rows it reads a
// chunk, then works on it for long, and memory would idle. Included once per
// instruction set.
#pragma once

#include <cstddef>

namespace sluice::device {
namespace {

/// What one panel of rows fetches of the next chunk of T tiles.
template <std::size_t T>
struct tile_fetch {
  const std::byte* at;    ///< in the first tile
  std::size_t tile_bytes; ///< from tile to tile
  std::size_t lines;      ///< cache lines of each tile per block of 32

  /// Called once per block.
  void advance() {
    for (std::size_t i = 0; i < lines; ++i, at += 64)
#pragma GCC unroll 2
      for (std::size_t t = 0; t < T; ++t)
        __builtin_prefetch(at + t * tile_bytes, 0, 2);
  }
};

} // namespace
} // namespace sluice::device
