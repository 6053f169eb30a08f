// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Weights in the order the matrix kernels read them: tiles of 16 output rows,
// interleaved, so that lanes are outputs and a decode step streams each byte
// once. Used by the CPU backend alone.
//
// Float formats keep their width: a tile is [k][16].
// Block formats become one integer form, exactly: a tile is, per group of 32
// (16 for q6_k) elements, 16 scales (f16 for q8_0 and q4_0, else f32), 16 f32
// minima if the format has them, then [group / 4][16 rows][4] unsigned bytes, w
// = scale * (byte - zero) + min. The 4-, 5- and 6-bit formats take 8 bits
// here: decoding them reads up to twice the bytes that the file has.
#pragma once

#include "device/backend.hpp"
#include "device/cpu/kernels.hpp"
#include "device/cpu/page_memory.hpp"
#include "device/cpu/thread_pool.hpp"

#include <cstddef>
#include <memory>

namespace sluice::device {

class packed_matrix final : public weight_matrix {
public:
  packed_shape shape{};
  std::size_t tiles = 0;
  page_memory memory; ///< the tiles
};

/// Packs the matrix [n, k]. Throws model_error if it is not a matrix or its
/// format cannot be multiplied.
std::unique_ptr<packed_matrix> pack_weights(const tensor_view& weights,
                                            thread_pool& pool);

} // namespace sluice::device
