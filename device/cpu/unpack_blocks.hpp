// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One block of a quantised format as unsigned bytes, scales and minima, without
// rounding: the step between a model file and packed weights. The formats are
// GGML's (https://github.com/ggml-org/ggml). Used by packing alone.
#pragma once

#include "device/tensor/dtype.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::device {

/// Up to 256 elements: w = scale * (value - zero) + minimum. Groups are of 16
/// elements for q6_k, else of 32; minima only for q4_k and q5_k.
struct unpacked_block {
  std::uint8_t values[256];
  float scales[16];
  float minima[16]; ///< <= 0 for every positive d
};

/// Unpacks the block at `source`, block_bytes(type) bytes.
void unpack_block(unpacked_block& block, dtype type, const std::byte* source);

} // namespace sluice::device
