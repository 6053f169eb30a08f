// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Number formats of tensors as they lie in model files, and their sizes. Block
// formats follow GGML's layout (https://github.com/ggml-org/ggml, gguf.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::device {

/// Element format of a tensor in a file.
enum class dtype : std::uint8_t {
  f32,
  f16,
  bf16,
  q8_0, ///< 32 elements: f16 scale, 32 x int8
  q4_0, ///< 32 elements: f16 scale, 32 x 4 bit, offset 8
  q4_k, ///< 256 elements: 2 f16, 8 x (6-bit scale, 6-bit min), 4 bit
  q5_k, ///< 256 elements: as q4_k with a fifth bit
  q6_k, ///< 256 elements: 16 x int8 scale, f16 scale, 6 bit, offset 32
  i32,  ///< ids in golden files; never a weight
};

/// Lower-case name, for example "q8_0".
std::string_view name(dtype type) noexcept;

/// Elements per block: 1, 32 or 256.
std::size_t block_elements(dtype type) noexcept;

/// Bytes per block.
std::size_t block_bytes(dtype type) noexcept;

/// Bytes of a row of `elements`; `elements` must be a multiple of the block.
std::size_t row_bytes(dtype type, std::size_t elements) noexcept;

} // namespace sluice::device
