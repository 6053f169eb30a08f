// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The fixed order of sums over k (device/backend.hpp): 8 chunks, then a tree.
// Included once per instruction set, after a vector header.
#pragma once

#include "device/cpu/kernels.hpp"

namespace sluice::device {
namespace {

/// The first element or block of chunk c of `blocks`.
inline std::size_t chunk_start(std::size_t c, std::size_t blocks) {
  return c * blocks / sum_chunks;
}

/// Adds the 8 chunk sums of one row as ((0+1)+(2+3)) + ((4+5)+(6+7)).
inline f32x16 chunk_tree(const f32x16* s) {
  const f32x16 low = v_add(v_add(s[0], s[1]), v_add(s[2], s[3]));
  const f32x16 high = v_add(v_add(s[4], s[5]), v_add(s[6], s[7]));
  return v_add(low, high);
}

} // namespace
} // namespace sluice::device
