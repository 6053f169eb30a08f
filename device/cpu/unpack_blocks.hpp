// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One block of a quantised format as its integers, without rounding: the step
// between a model file and packed weights. The formats are GGML's
// (https://github.com/ggml-org/ggml). Used by packing alone.
#pragma once

#include "device/tensor/dtype.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::device {

/// Up to 256 elements. With d and d_min as floats, w = scale * (value - zero) +
/// minimum, where scale = d for q8_0 and q4_0 (one block of 32), else d *
/// scales[group], and minimum = -(d_min * minima[group]) for q4_k and q5_k.
/// Groups are of 16 elements for q6_k, else of 32; zero is the layout's.
struct unpacked_block {
  std::uint16_t d;         ///< f16 bits
  std::uint16_t d_min;     ///< f16 bits; q4_k and q5_k
  std::uint8_t scales[16]; ///< q6_k: int8 as in the file
  std::uint8_t minima[8];
  std::uint8_t values[256];
};

/// Unpacks the block at `source`, block_bytes(type) bytes.
void unpack_block(unpacked_block& block, dtype type, const std::byte* source);

} // namespace sluice::device
