// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Weights in the order the matrix kernels read them: tiles of 16 output rows,
// interleaved, so that lanes are outputs and a decode step streams each byte
// once. Used by the CPU backend alone.
//
// f32 and f16 keep their width: a tile is [k][16]. bf16 lies in pairs along k:
// [k / 2][16][2], zeros behind an odd k.
// Integer formats keep their bits, only sorted anew. Per 256 elements, where
// the format has scales of scales: [16] f16 scales, and for q4_k and q5_k [16]
// f16 minima. Then per 32 elements 32 bytes of scales:
//   q8_0, q4_0   [16] f16
//   q4_k, q5_k   [16] scales, [16] minima, a byte each
//   q6_k         [2 groups][16] int8
// and the values as vectors of [16 rows][4 elements]:
//   q8_0   8 vectors of bytes, int8 + 128
//   other  4 vectors of nibbles: low ones are vector i of the 8, high ones i +
//   4 q5_k   then 1 vector, whose bit i is the fifth bit of vector i q6_k then
//   2 vectors, whose bits 2 * (i % 4) and up are the fifth and
//          sixth of vectors i / 4 * 4 + i % 4
// So memory grows over the file by 3 % for q4_k, by 2 % for q5_k, else not.
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
  std::size_t tile_pairs = 0; ///< zeros may fill up the last one
  page_memory memory;         ///< the tiles
};

/// Packs the matrix [n, k], as backend::pack. Throws model_error if it is not a
/// matrix or its format cannot be multiplied.
std::unique_ptr<packed_matrix> pack_weights(const tensor_view& weights,
                                            thread_pool& pool,
                                            const tensor_reader& read = {});

} // namespace sluice::device
