// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The inner loops that exist once per instruction set, as a table of functions
// over plain pointers. cpu_backend.cpp splits the work among threads and calls
// them. Plain structs only: this header is compiled with several instruction
// sets, so nothing here may have code of its own.
#pragma once

#include "device/files/model_config.hpp"
#include "device/kv_format.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::device {

enum class isa; // features.hpp

/// Output rows of a weight tile, one per lane.
inline constexpr std::size_t tile_rows = 16;
/// Elements per block of a row: the unit of chunks.
inline constexpr std::size_t row_block = 32;
/// Chunks whose sums are added as a tree.
inline constexpr std::size_t sum_chunks = 8;

/// Longest attention head, in elements.
inline constexpr std::size_t max_head_dim = 512;

/// Rows that pass over a pair of tiles together; see matmul_kernels.hpp. Their
/// inputs stay in a core's L2.
inline constexpr std::size_t part_rows = 96;

/// Most bytes that a row's block of 32 takes once quantised, on any path.
inline constexpr std::size_t max_input_bytes = 64 + 4 + 8;

/// How a tile's bytes are laid out; see packing.hpp. From bf16 on the inputs
/// are rounded too; from q8_0 on the values are integers.
enum class tile_format : std::uint8_t {
  f32,
  f16,
  bf16,
  q8_0,
  q4_0,
  q4_k,
  q5_k,
  q6_k
};

/// Sizes of an integer tile's parts; see packing.hpp.
struct tile_layout {
  std::size_t group;       ///< elements per scale, 16 or 32
  std::size_t head_bytes;  ///< before every 256 elements, or 0
  std::size_t value_bytes; ///< of 32 elements of all rows
  std::int32_t zero;       ///< the stored value that means 0
  bool has_min;            ///< groups have a minimum
};
inline constexpr tile_layout q8_0_tile{32, 0, 512, 128, false};
inline constexpr tile_layout q4_0_tile{32, 0, 256, 8, false};
inline constexpr tile_layout q4_k_tile{32, 64, 256, 0, true};
inline constexpr tile_layout q5_k_tile{32, 64, 256 + 64, 0, true};
inline constexpr tile_layout q6_k_tile{16, 32, 256 + 128, 32, false};
/// Bytes before the values of every 32 elements: scales (and minima) of all
/// rows.
inline constexpr std::size_t tile_scale_bytes = 32;

struct packed_shape {
  tile_format format;
  std::size_t n;           ///< outputs
  std::size_t k;           ///< inputs
  tile_layout layout;      ///< integers
  std::size_t input_group; ///< integers: inputs per scale of theirs, 32 or 256
  std::size_t tile_bytes;  ///< bytes from tile to tile
};

/// One tile range times one row range of a product. A range of rows is a part:
/// it starts at a multiple of part_rows and is that long, or the last one. A
/// range of tiles starts at an even one; so does the end of the memory.
struct matmul_task {
  const packed_shape* shape;
  const std::byte* tiles; ///< all tiles
  const float* x;         ///< [rows, k]; f32 and f16
  const std::byte* q;     ///< rounded rows; other formats
  const float* bias;      ///< [n] or null
  float* y;               ///< [rows, n]
  std::size_t first_row;
  std::size_t last_row;
  std::size_t first_tile;
  std::size_t last_tile;
};

/// K and V of one token on their way into a KV block, laid out as
/// backend::kv_block_bytes says.
struct kv_token {
  kv_format format;
  void* block;
  std::uint32_t slot; ///< token of the block
  const float* k;     ///< [kv_heads, head_dim]
  const float* v;
  std::uint32_t kv_heads;
  std::uint32_t head_dim;
};

/// Query rows (tokens times heads) that share one pass over K and V.
inline constexpr std::size_t attention_rows = 16;

/// New tokens [first, last) of one sequence for one KV head.
struct attention_task {
  kv_format format;
  const void* kv;              ///< the layer's blocks
  float* scores;               ///< attention_rows floats per visible position,
                               ///< counted in whole blocks
  const std::uint32_t* blocks; ///< block table; unseen entries are not read
  const float* q;         ///< row of token 0, first query head of the group
  float* out;             ///< as q
  std::size_t row_stride; ///< floats from token to token in q and out
  std::uint32_t start;    ///< position of token 0
  std::uint32_t first;
  std::uint32_t last;
  std::uint32_t kv_head;
  std::uint32_t kv_heads;
  std::uint32_t group; ///< query heads per KV head
  std::uint32_t head_dim;
  std::uint32_t window; ///< 0: all positions
  std::uint32_t sinks;  ///< with a window: positions [0, sinks) as well
  float scale;
};

struct kernel_table {
  void (*matmul)(const matmul_task&);
  /// Rounds rows [first, last) of x [rows, k] into q; see input_panels.hpp.
  void (*quantize)(std::byte* q, const packed_shape& shape, const float* x,
                   std::size_t rows, std::size_t first, std::size_t last);
  void (*attention)(const attention_task&);
  void (*store_token)(const kv_token&);
  void (*rms_norm)(float* out, const float* x, const float* weight,
                   float epsilon, std::size_t rows, std::size_t n);
  /// One head; cosine and sine [dimensions / 2].
  void (*rope)(float* x, const float* cosine, const float* sine,
               std::size_t dimensions, rope_pairs pairs);
  void (*gated)(float* out, const float* gate, const float* up, activation act,
                std::size_t n);
  void (*add)(float* x, const float* y, std::size_t n);
  /// x[i] += weight * y[i].
  void (*add_scaled)(float* x, const float* y, float weight, std::size_t n);
  void (*softcap)(float* x, float cap, std::size_t n);
  /// `steps` times 16 independent integer products of one tile step (64
  /// multiply-adds each); returns a value that depends on all.
  std::int32_t (*integer_peak)(std::size_t steps);
  /// The same of pairs of bf16 (32 multiply-adds each).
  float (*bf16_peak)(std::size_t steps);
};

extern const kernel_table reference_kernels;
extern const kernel_table avx2_kernels;
extern const kernel_table avx512_kernels;
extern const kernel_table avx512_bf16_kernels;
extern const kernel_table neon_kernels;

/// The table of a path. Throws model_error if this machine cannot run it.
const kernel_table& kernels_for(isa path);

} // namespace sluice::device
