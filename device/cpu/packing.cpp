// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/packing.hpp"

#include "device/cpu/interleave.hpp"
#include "device/cpu/unpack_blocks.hpp"
#include "device/error.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace sluice::device {

namespace {

struct format_entry {
  dtype type;
  tile_format format;
  tile_layout layout; // of integers
};

constexpr format_entry formats[] = {
    {dtype::f32, tile_format::f32, {}},
    {dtype::f16, tile_format::f16, {}},
    {dtype::bf16, tile_format::bf16, {}},
    {dtype::q8_0, tile_format::q8_0, q8_0_tile},
    {dtype::q4_0, tile_format::q4_0, q4_0_tile},
    {dtype::q4_k, tile_format::q4_k, q4_k_tile},
    {dtype::q5_k, tile_format::q5_k, q5_k_tile},
    {dtype::q6_k, tile_format::q6_k, q6_k_tile},
};

packed_shape shape_of(const tensor_view& w) {
  const auto* known = std::ranges::find(formats, w.type, &format_entry::type);
  if (known == std::end(formats))
    throw model_error("a matrix of format " + std::string(name(w.type))
                      + " cannot be multiplied");
  packed_shape s{.format = known->format,
                 .n = w.shape[0],
                 .k = w.shape[1],
                 .layout = known->layout,
                 .input_group = block_elements(w.type),
                 .tile_bytes = 0};
  const auto& layout = s.layout;
  if (s.format < tile_format::bf16)
    s.tile_bytes = s.k * tile_rows * block_bytes(w.type);
  else if (s.format == tile_format::bf16)
    s.tile_bytes = (s.k + 1) / 2 * tile_rows * 4;
  else
    s.tile_bytes = s.k / row_block * (tile_scale_bytes + layout.value_bytes)
                   + s.k / 256 * layout.head_bytes;
  return s;
}

/// Interleaves `rows` rows of elements of E bytes, G at a time: [16][k] ->
/// [k / G][16][G]. An incomplete group is filled up by what the memory came
/// with.
template <class E, std::size_t G = 1>
void pack_floats(std::byte* tile, const std::byte* source, std::size_t rows,
                 std::size_t k) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t i = 0; i < k; ++i)
      std::memcpy(tile + ((i / G * tile_rows + r) * G + i % G) * sizeof(E),
                  source + (r * k + i) * sizeof(E), sizeof(E));
}

/// The same of 16 rows of f32, or of pairs of bf16: words.
void pack_whole_words(std::byte* tile, const std::byte* source,
                      std::size_t words) {
  interleave_words(tile, source, words * 4, words);
}

/// The same of 16 rows of f16, k even: words of two, taken apart.
void pack_whole_halves(std::byte* tile, const std::byte* source,
                       std::size_t k) {
  constexpr std::size_t at_once = 8; // words
  std::uint32_t words[at_once][tile_rows];
  for (std::size_t i = 0; i < k / 2; i += at_once) {
    const std::size_t n = std::min(at_once, k / 2 - i);
    interleave_words(reinterpret_cast<std::byte*>(words), source + i * 4, k * 2,
                     n);
    for (std::size_t word = 0; word < n; ++word) {
      std::uint16_t halves[2][tile_rows];
      for (std::size_t r = 0; r < tile_rows; ++r) {
        halves[0][r] = static_cast<std::uint16_t>(words[word][r]);
        halves[1][r] = static_cast<std::uint16_t>(words[word][r] >> 16);
      }
      std::memcpy(tile + (i + word) * sizeof halves, halves, sizeof halves);
    }
  }
}

/// Four values of a row, which lie side by side in a vector.
std::uint32_t word_at(const std::uint8_t* values) {
  std::uint32_t word;
  std::memcpy(&word, values, sizeof word);
  return word;
}

/// 32 values of row `r`, four at a time: shifts stay within each byte.
void put_values(std::byte* out, tile_format format, std::size_t r,
                const std::uint8_t* values) {
  const auto put = [&](std::size_t vector, std::uint32_t word) {
    std::memcpy(out + vector * interleaved_bytes + r * 4, &word, sizeof word);
  };
  if (format == tile_format::q8_0) {
    for (std::size_t v = 0; v < 8; ++v)
      put(v, word_at(values + 4 * v));
    return;
  }
  std::uint32_t words[8];
  for (std::size_t v = 0; v < 8; ++v)
    words[v] = word_at(values + 4 * v);
  for (std::size_t v = 0; v < 4; ++v)
    put(v, (words[v] & 0x0f0f0f0fu) | (words[v + 4] & 0x0f0f0f0fu) << 4);
  if (format == tile_format::q5_k) {
    std::uint32_t fifth = 0;
    for (std::size_t v = 0; v < 8; ++v)
      fifth |= (words[v] >> 4 & 0x01010101u) << v;
    put(4, fifth);
  } else if (format == tile_format::q6_k) {
    for (std::size_t half = 0; half < 2; ++half) {
      std::uint32_t upper = 0;
      for (std::size_t v = 0; v < 4; ++v)
        upper |= (words[4 * half + v] >> 4 & 0x03030303u) << 2 * v;
      put(4 + half, upper);
    }
  }
}

/// Scales, and minima, of 32 elements of row `r`: block `b` of its 256.
void put_scales(std::byte* out, tile_format format, std::size_t r,
                std::size_t b, const unpacked_block& block) {
  const auto byte = [&](std::size_t i, std::uint8_t value) {
    out[i * tile_rows + r] = static_cast<std::byte>(value);
  };
  switch (format) {
  case tile_format::q6_k:
    byte(0, block.scales[2 * b]);
    byte(1, block.scales[2 * b + 1]);
    break;
  case tile_format::q4_k:
  case tile_format::q5_k:
    byte(0, block.scales[b]);
    byte(1, block.minima[b]);
    break;
  default:
    std::memcpy(out + 2 * r, &block.d, 2);
  }
}

void pack_blocks(std::byte* tile, const std::byte* source, dtype type,
                 const packed_shape& s, std::size_t rows) {
  const std::size_t step = block_elements(type);
  const std::size_t stride = row_bytes(type, s.k);
  const std::size_t packed_step = s.tile_bytes / (s.k / step);
  unpacked_block block;
  for (std::size_t i = 0; i < s.k; i += step, tile += packed_step) {
    for (std::size_t r = 0; r < rows; ++r) {
      unpack_block(block, type, source + r * stride);
      if (s.layout.head_bytes != 0)
        std::memcpy(tile + 2 * r, &block.d, 2);
      if (s.layout.has_min)
        std::memcpy(tile + 2 * (tile_rows + r), &block.d_min, 2);
      std::byte* out = tile + s.layout.head_bytes;
      for (std::size_t b = 0; b < step / row_block; ++b) {
        put_scales(out, s.format, r, b, block);
        out += tile_scale_bytes;
        put_values(out, s.format, r, block.values + b * row_block);
        out += s.layout.value_bytes;
      }
    }
    source += block_bytes(type);
  }
}

/// q8_0 and q4_0 of 16 rows: a scale and, word by word, what the file holds.
void pack_whole_blocks(std::byte* tile, const std::byte* source, dtype type,
                       const packed_shape& s) {
  const bool signed_values = s.format == tile_format::q8_0;
  const std::uint32_t flip = signed_values ? 0x80808080u : 0u; // int8 + 128
  const std::size_t words = signed_values ? 8 : 4;
  const std::size_t stride = row_bytes(type, s.k);
  for (std::size_t i = 0; i < s.k; i += row_block) {
    for (std::size_t r = 0; r < tile_rows; ++r)
      std::memcpy(tile + 2 * r, source + r * stride, 2);
    interleave_words(tile + tile_scale_bytes, source + 2, stride, words, flip);
    tile += tile_scale_bytes + s.layout.value_bytes;
    source += block_bytes(type);
  }
}

/// A tile of 16 rows in a format that is only sorted anew. False where it
/// takes more than that.
bool pack_whole(std::byte* tile, const std::byte* source, dtype type,
                const packed_shape& s) {
  switch (s.format) {
  case tile_format::f32:
    pack_whole_words(tile, source, s.k);
    return true;
  case tile_format::bf16:
    if (s.k % 2 == 0)
      pack_whole_words(tile, source, s.k / 2);
    return s.k % 2 == 0;
  case tile_format::f16:
    if (s.k % 2 == 0)
      pack_whole_halves(tile, source, s.k);
    return s.k % 2 == 0;
  case tile_format::q8_0:
  case tile_format::q4_0:
    pack_whole_blocks(tile, source, type, s);
    return true;
  default:
    return false;
  }
}

/// `rows` rows from `source` on. Rows beyond the matrix stay zero, as the
/// memory came.
void pack_tile(std::byte* tile, const std::byte* source, std::size_t rows,
               dtype type, const packed_shape& s) {
  if (rows == tile_rows && pack_whole(tile, source, type, s))
    return;
  switch (s.format) {
  case tile_format::f32:
    return pack_floats<float>(tile, source, rows, s.k);
  case tile_format::f16:
    return pack_floats<std::uint16_t>(tile, source, rows, s.k);
  case tile_format::bf16:
    return pack_floats<std::uint16_t, 2>(tile, source, rows, s.k);
  default:
    return pack_blocks(tile, source, type, s, rows);
  }
}

/// Tiles [first, last) of a matrix.
void pack_tiles(packed_matrix& to, const tensor_view& w,
                const tensor_reader& read, std::size_t first,
                std::size_t last) {
  std::vector<std::byte> buffer; // the rows of a tile
  const auto& s = to.shape;
  const std::size_t stride = row_bytes(w.type, s.k);
  for (std::size_t tile = first; tile < last; ++tile) {
    const std::size_t row = tile * tile_rows;
    const std::size_t rows = std::min(tile_rows, s.n - row);
    const std::byte* source = w.data + row * stride;
    if (read) {
      buffer.resize(rows * stride);
      read(buffer, source);
      source = buffer.data();
    }
    pack_tile(to.memory.data() + tile * s.tile_bytes, source, rows, w.type, s);
  }
}

} // namespace

std::unique_ptr<packed_matrix> pack_weights(const tensor_view& weights,
                                            thread_pool& pool,
                                            const tensor_reader& read) {
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
  const std::size_t tiles = (shape.n + tile_rows - 1) / tile_rows;
  result->tile_pairs = (tiles + 1) / 2;
  result->bytes = result->tile_pairs * 2 * shape.tile_bytes;
  result->memory = page_memory(result->bytes);
  // Few parts with a buffer each, and still none that the others wait for.
  const std::size_t parts = std::min(tiles, std::size_t(16) * pool.threads());
  std::vector<std::exception_ptr> failures(parts);
  pool.run(parts, [&](std::size_t part) {
    try {
      pack_tiles(*result, weights, read, part * tiles / parts,
                 (part + 1) * tiles / parts);
    } catch (...) { // a part must not throw
      failures[part] = std::current_exception();
    }
  });
  for (const auto& failure : failures)
    if (failure)
      std::rethrow_exception(failure);
  return result;
}

} // namespace sluice::device
