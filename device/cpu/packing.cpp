// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/packing.hpp"

#include "device/cpu/unpack_blocks.hpp"
#include "device/error.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace sluice::device {

namespace {

/// Bytes of scales and minima before the values of a group.
std::size_t head_bytes(const packed_shape& s) {
  return tile_rows * (s.half_scales ? 2 : s.has_min ? 8 : 4);
}

packed_shape shape_of(const tensor_view& w) {
  packed_shape s{.format = tile_format::u8,
                 .n = w.shape[0],
                 .k = w.shape[1],
                 .group = row_block,
                 .input_group = block_elements(w.type),
                 .has_min = false,
                 .half_scales = false,
                 .zero = 0,
                 .tile_bytes = 0};
  switch (w.type) {
  case dtype::f32:
    s.format = tile_format::f32;
    break;
  case dtype::f16:
    s.format = tile_format::f16;
    break;
  case dtype::bf16:
    s.format = tile_format::bf16;
    break;
  case dtype::q8_0:
    s.zero = 128;
    s.half_scales = true;
    break;
  case dtype::q4_0:
    s.zero = 8;
    s.half_scales = true;
    break;
  case dtype::q4_k:
  case dtype::q5_k:
    s.has_min = true;
    break;
  case dtype::q6_k:
    s.group = 16;
    s.zero = 32;
    break;
  default:
    throw model_error("a matrix of format " + std::string(name(w.type))
                      + " cannot be multiplied");
  }
  if (s.format != tile_format::u8) {
    s.tile_bytes = s.k * tile_rows * block_bytes(w.type);
    return s;
  }
  s.tile_bytes = s.k / s.group * (tile_rows * s.group + head_bytes(s));
  return s;
}

/// Interleaves `rows` rows of E-byte elements: [16][k] -> [k][16].
template <class E>
void pack_floats(std::byte* tile, const std::byte* source, std::size_t rows,
                 std::size_t k) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < k; ++i)
      std::memcpy(tile + (i * tile_rows + r) * sizeof(E),
                  source + (r * k + i) * sizeof(E), sizeof(E));
}

void pack_blocks(std::byte* tile, const tensor_view& w, const packed_shape& s,
                 std::size_t first_row, std::size_t rows) {
  const std::size_t head = head_bytes(s);
  const std::size_t step = block_elements(w.type);
  unpacked_block block;
  const std::size_t stride = row_bytes(w.type, s.k);
  const std::byte* source = w.data + first_row * stride;
  const std::size_t packed_step = s.tile_bytes / (s.k / step);
  for (std::size_t i = 0; i < s.k; i += step, tile += packed_step) {
    for (std::size_t r = 0; r < rows; ++r) {
      unpack_block(block, w.type, source + r * stride);
      std::byte* out = tile;
      for (std::size_t g = 0; g < step / s.group; ++g) {
        if (s.half_scales) // as they open the block in the file
          std::memcpy(out + r * 2, source + r * stride, 2);
        else
          std::memcpy(out + r * 4, &block.scales[g], 4);
        if (s.has_min)
          std::memcpy(out + (tile_rows + r) * 4, &block.minima[g], 4);
        out += head;
        for (std::size_t j = 0; j < s.group; j += 4, out += 4 * tile_rows)
          std::memcpy(out + r * 4, block.values + g * s.group + j, 4);
      }
    }
    source += block_bytes(w.type);
  }
}

/// Rows beyond the matrix stay zero, as the memory came.
void pack_tile(std::byte* tile, const tensor_view& w, const packed_shape& s,
               std::size_t index) {
  const std::size_t first = index * tile_rows;
  const std::size_t rows = std::min(tile_rows, s.n - first);
  const std::byte* source = w.data + first * row_bytes(w.type, s.k);
  switch (s.format) {
  case tile_format::f32:
    return pack_floats<float>(tile, source, rows, s.k);
  case tile_format::f16:
  case tile_format::bf16:
    return pack_floats<std::uint16_t>(tile, source, rows, s.k);
  case tile_format::u8:
    return pack_blocks(tile, w, s, first, rows);
  }
}

} // namespace

std::unique_ptr<packed_matrix> pack_weights(const tensor_view& weights,
                                            thread_pool& pool) {
  if (weights.shape.size() != 2)
    throw model_error("a tensor of " + std::to_string(weights.shape.size())
                      + " dimensions is not a matrix");
  auto result = std::make_unique<packed_matrix>();
  const auto shape = shape_of(weights);
  if (shape.k % block_elements(weights.type) != 0)
    throw model_error("a row of " + std::to_string(shape.k)
                      + " elements does "
                        "not fill blocks of "
                      + std::string(name(weights.type)));
  result->shape = shape;
  result->rows = shape.n;
  result->columns = shape.k;
  result->tiles = (shape.n + tile_rows - 1) / tile_rows;
  result->bytes = result->tiles * shape.tile_bytes;
  result->memory = page_memory(result->bytes);
  std::byte* data = result->memory.data();
  pool.run(result->tiles, [&](std::size_t tile) {
    pack_tile(data + tile * shape.tile_bytes, weights, shape, tile);
  });
  return result;
}

} // namespace sluice::device
