// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Matrix products over one vector header: lanes are output rows, so no sum ever
// crosses lanes. Included once per instruction set by kernels_*.cpp. The order
// of sums is that of device/backend.hpp.
#pragma once

#include "device/cpu/integer_tiles.hpp"

namespace sluice::device {
namespace {

/// The first block of chunk c of `blocks`.
inline std::size_t chunk_start(std::size_t c, std::size_t blocks) {
  return c * blocks / sum_chunks;
}

struct load_f32 {
  static constexpr std::size_t size = 4;
  static f32x16 load(const std::byte* p) {
    return v_load(reinterpret_cast<const float*>(p));
  }
};
struct load_f16 {
  static constexpr std::size_t size = 2;
  static f32x16 load(const std::byte* p) {
    return v_load_f16(reinterpret_cast<const std::uint16_t*>(p));
  }
};

// Each kind of product has: `most_rows`, the height of its panels; `offset`,
// the bytes of a tile before block b; and `sums`, which adds R rows times T
// tiles over some blocks.

/// Weights of f32 or f16: acc = fma(w, x, acc) along k.
template <class Weights>
struct float_product {
  static constexpr std::size_t most_rows = max_rows;
  static constexpr std::size_t step = tile_rows * Weights::size;

  static std::size_t offset(std::size_t b) { return b * row_block * step; }

  template <std::size_t T, std::size_t R>
  static void sums(f32x16 (*acc)[R], const matmul_task& task,
                   const std::byte* tiles, std::size_t row, block_range blocks,
                   tile_fetch<T> fetch) {
    const std::size_t k = task.shape->k;
    const float* x = task.x + row * k;
    for (std::size_t b = blocks.first; b < blocks.last; ++b) {
      fetch.advance();
      const std::size_t last = lesser((b + 1) * row_block, k);
      for (std::size_t i = b * row_block; i < last; ++i) {
        f32x16 a[T];
#pragma GCC unroll 2
        for (std::size_t t = 0; t < T; ++t)
          a[t] = Weights::load(tiles + t * task.shape->tile_bytes + i * step);
#pragma GCC unroll 8
        for (std::size_t r = 0; r < R; ++r) {
          const f32x16 value = v_set(x[r * k + i]);
#pragma GCC unroll 2
          for (std::size_t t = 0; t < T; ++t)
            acc[t][r] = v_fma(a[t], value, acc[t][r]);
        }
      }
    }
  }
};

/// Weights and inputs of bf16: v_dot2 along k.
struct pair_product {
  static constexpr std::size_t most_rows = max_pair_rows;
  static constexpr std::size_t step = tile_rows * 4;

  static std::size_t offset(std::size_t b) { return b * row_block / 2 * step; }

  template <std::size_t T, std::size_t R>
  static void sums(f32x16 (*acc)[R], const matmul_task& task,
                   const std::byte* tiles, std::size_t row, block_range blocks,
                   tile_fetch<T> fetch) {
    const dot2_mode mode;
    const std::byte* x = task.q + row * pairs_bytes(task.shape->k);
    sums_in_mode<T, R>(acc, *task.shape, tiles, x, blocks, fetch);
  }

private:
  template <std::size_t T, std::size_t R>
  [[gnu::noinline]] static void
  sums_in_mode(f32x16 (*out)[R], const packed_shape& shape,
               const std::byte* tiles, const std::byte* x, block_range blocks,
               tile_fetch<T> fetch) {
    // In registers: `out` might overlap the inputs, for all the compiler knows.
    f32x16 acc[T][R];
    std::memcpy(acc, out, sizeof acc);
    for (std::size_t b = blocks.first; b < blocks.last; ++b) {
      fetch.advance();
      const std::size_t last = lesser((b + 1) * row_block, shape.k + 1) / 2;
      for (std::size_t i = b * row_block / 2; i < last; ++i) {
        pairs16 a[T];
#pragma GCC unroll 2
        for (std::size_t t = 0; t < T; ++t)
          a[t] = load_pairs16(tiles + t * shape.tile_bytes + i * step);
#pragma GCC unroll 12
        for (std::size_t r = 0; r < R; ++r) {
          const inputs2 values = load_inputs2(x + (i * R + r) * 4);
#pragma GCC unroll 2
          for (std::size_t t = 0; t < T; ++t)
            acc[t][r] = v_dot2(acc[t][r], a[t], values);
        }
      }
    }
    std::memcpy(out, acc, sizeof acc);
  }
};

/// Sums of chunks that still wait for their partners in the tree: per level
/// [rows][tiles][16].
struct waiting_sums {
  alignas(64) float levels[3][part_rows * max_tiles * tile_rows];
};

inline void store_result(const matmul_task& task, std::size_t tile,
                         std::size_t row, f32x16 y) {
  const std::size_t n = task.shape->n;
  const std::size_t n0 = tile * tile_rows;
  if (n0 >= n) // fills up the last pair
    return;
  const std::size_t lanes = lesser(n - n0, tile_rows);
  if (task.bias != nullptr)
    y = v_add(y, load_lanes(task.bias + n0, lanes));
  store_lanes(task.y + row * n + n0, y, lanes);
}

/// One chunk of two tiles, or one.
struct tile_chunk {
  std::size_t tile;
  std::size_t chunk;
  block_range blocks;
};

/// Rows [first, first + height) of a part, and what they fetch meanwhile.
struct panel_pass {
  std::size_t first;
  std::size_t height;
  tile_fetch<max_tiles> fetch;
};

/// A chunk of R rows, added to the tree ((0+1)+(2+3)) + ((4+5)+(6+7)): a sum
/// waits at a level until its right neighbour is there.
template <class Product, std::size_t R>
void one_chunk(const matmul_task& task, const tile_chunk& w,
               const panel_pass& panel, waiting_sums& waiting) {
  constexpr std::size_t T = max_tiles;
  const std::size_t row = task.first_row + panel.first;
  f32x16 acc[T][R];
#pragma GCC unroll 12
  for (std::size_t r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (std::size_t t = 0; t < T; ++t)
      acc[t][r] = v_set(0.0f);
  Product::template sums<T, R>(acc, task,
                               task.tiles + w.tile * task.shape->tile_bytes,
                               row, w.blocks, panel.fetch);
#pragma GCC unroll 12
  for (std::size_t r = 0; r < R; ++r)
#pragma GCC unroll 2
    for (std::size_t t = 0; t < T; ++t) {
      const std::size_t at = ((panel.first + r) * T + t) * tile_rows;
      f32x16 sum = acc[t][r];
      std::size_t level = 0;
      for (; (w.chunk >> level & 1) != 0; ++level)
        sum = v_add(v_load(waiting.levels[level] + at), sum);
      if (w.chunk + 1 < sum_chunks)
        v_store(waiting.levels[level] + at, sum);
      else
        store_result(task, w.tile + t, row + r, sum);
    }
}

/// The same for a panel of at most R rows.
template <class Product, std::size_t R = Product::most_rows>
void one_panel(const matmul_task& task, const tile_chunk& w,
               const panel_pass& panel, waiting_sums& waiting) {
  if constexpr (R > 1)
    if (panel.height < R)
      return one_panel<Product, R - 1>(task, w, panel, waiting);
  one_chunk<Product, R>(task, w, panel, waiting);
}

/// What the panels fetch, in equal shares, while chunk `w` is at work: the
/// chunk after it.
template <class Product>
tile_fetch<max_tiles> next_fetch(const matmul_task& task, const tile_chunk& w,
                                 std::size_t panels) {
  const bool same = w.chunk + 1 < sum_chunks;
  const std::size_t tile = same ? w.tile : w.tile + max_tiles;
  const std::size_t lines = (Product::offset(1) + 63) / 64;
  return {task.tiles + tile * task.shape->tile_bytes
              + (same ? Product::offset(w.blocks.last) : 0),
          task.shape->tile_bytes,
          tile < task.last_tile ? (lines + panels - 1) / panels : 0};
}

// All panels pass over one chunk of the tiles, which stays in L1, before the
// next chunk is read.
template <class Product>
void matmul_of(const matmul_task& task) {
  const row_panels panels(task.last_row - task.first_row, Product::most_rows);
  const std::size_t blocks = (task.shape->k + row_block - 1) / row_block;
  waiting_sums waiting;
  tile_chunk w{};
  for (w.tile = task.first_tile; w.tile < task.last_tile; w.tile += max_tiles)
    for (w.chunk = 0; w.chunk < sum_chunks; ++w.chunk) {
      w.blocks = {chunk_start(w.chunk, blocks),
                  chunk_start(w.chunk + 1, blocks)};
      auto fetch = next_fetch<Product>(task, w, panels.count);
      for (std::size_t p = 0; p < panels.count; ++p) {
        const std::size_t first = panels.start(p);
        one_panel<Product>(task, w, {first, panels.start(p + 1) - first, fetch},
                           waiting);
        fetch.at += (w.blocks.last - w.blocks.first) * fetch.lines * 64;
      }
    }
}

void matmul(const matmul_task& t) {
  switch (t.shape->format) {
  case tile_format::f32:
    return matmul_of<float_product<load_f32>>(t);
  case tile_format::f16:
    return matmul_of<float_product<load_f16>>(t);
  case tile_format::bf16:
    return matmul_of<pair_product>(t);
  case tile_format::q8_0:
    return matmul_of<integer_product<q8_0_values>>(t);
  case tile_format::q4_0:
    return matmul_of<integer_product<q4_0_values>>(t);
  case tile_format::q4_k:
    return matmul_of<integer_product<q4_k_values>>(t);
  case tile_format::q5_k:
    return matmul_of<integer_product<q5_k_values>>(t);
  case tile_format::q6_k:
    return matmul_of<integer_product<q6_k_values>>(t);
  }
}

// Sixteen accumulators hide the latency of the product.
std::int32_t integer_peak(std::size_t steps) {
  alignas(64) const std::byte w[64] = {std::byte(3)};
  const std::byte x[8] = {std::byte(1), std::byte(254)};
  const weights4 a = load_weights4(w);
  const inputs4 b = load_inputs4(x);
  i32x16 sums[16];
  for (int j = 0; j < 16; ++j)
    sums[j] = i_set(j);
  for (std::size_t i = 0; i < steps; ++i)
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j)
      sums[j] = i_dot4(sums[j], a, b);
  float total = 0;
  for (int j = 0; j < 16; ++j)
    total += v_sum(i_to_f32(sums[j]));
  return static_cast<std::int32_t>(static_cast<std::int64_t>(total) & 0xffff);
}

// As above.
float bf16_peak(std::size_t steps) {
  alignas(64) const std::byte w[64] = {std::byte(0), std::byte(0x3f)};
  const pairs16 a = load_pairs16(w);
  const inputs2 b = load_inputs2(w);
  f32x16 sums[16];
  for (int j = 0; j < 16; ++j)
    sums[j] = v_set(static_cast<float>(j));
  for (std::size_t i = 0; i < steps; ++i)
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j)
      sums[j] = v_dot2(sums[j], a, b);
  float total = 0;
  for (int j = 0; j < 16; ++j)
    total += v_sum(sums[j]);
  return total;
}

} // namespace
} // namespace sluice::device
