// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/cpu_products.hpp"

#include "device/cpu/packing.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

// Fewer inputs than this are rounded by the calling thread alone.
constexpr std::size_t inputs_per_part = 8192;
// A task has at least so many multiply-adds, or a fork costs more than it wins.
constexpr std::size_t least_work = 65536;
// Pairs of tiles of a task with many rows: they wait in the L2 and L3 caches
// for the next rows.
constexpr std::size_t most_pairs = 8;

bool rounds_alike(const packed_shape& a, const packed_shape& b) {
  return (a.format == tile_format::bf16) == (b.format == tile_format::bf16)
         && a.input_group == b.input_group && a.layout.group == b.layout.group
         && a.layout.zero == b.layout.zero
         && a.layout.has_min == b.layout.has_min;
}

const packed_matrix& packed(const product& p) {
  return static_cast<const packed_matrix&>(*p.weights);
}

} // namespace

const std::byte* cpu_products::rounded(const packed_shape& shape,
                                       const float* x, std::size_t rows) {
  for (std::size_t i = 0; i < inputs_used_; ++i)
    if (rounds_alike(*inputs_[i].shape, shape))
      return inputs_[i].bytes.data();
  if (inputs_used_ == inputs_.size())
    inputs_.emplace_back();
  auto& fresh = inputs_[inputs_used_++];
  fresh.shape = &shape;
  const std::size_t blocks = (shape.k + row_block - 1) / row_block;
  fresh.bytes.resize(
      std::max(fresh.bytes.size(), rows * blocks * max_input_bytes));
  const std::size_t parts =
      std::clamp(rows * shape.k / inputs_per_part, std::size_t(1),
                 std::min(rows, std::size_t(4) * pool_.threads()));
  pool_.run(parts, [&](std::size_t part) {
    kernels_.quantize(fresh.bytes.data(), shape, x, rows, part * rows / parts,
                      (part + 1) * rows / parts);
  });
  return fresh.bytes.data();
}

// Tasks on the same tiles follow each other, so that a tile comes from memory
// once.
void cpu_products::add_tasks(matmul_task whole, std::size_t first_pair,
                             std::size_t last_pair, std::size_t rows) {
  whole.first_tile = 2 * first_pair;
  whole.last_tile = 2 * last_pair;
  for (std::size_t row = 0; row < rows; row += part_rows) {
    whole.first_row = row;
    whole.last_row = std::min(rows, row + part_rows);
    tasks_.push_back(whole);
  }
}

// Each task takes a share of what is left: long streams first, for memory to
// run at full speed, and short ones last, for the threads to end together.
void cpu_products::run(std::span<const product> products, const float* x,
                       std::size_t rows) {
  if (rows == 0)
    return;
  inputs_used_ = 0;
  tasks_.clear();
  std::size_t left = 0;
  for (const auto& p : products)
    left += packed(p).tile_pairs;
  for (const auto& p : products) {
    const auto& m = packed(p);
    matmul_task whole{};
    whole.shape = &m.shape;
    whole.tiles = m.memory.data();
    whole.x = x;
    whole.bias = p.bias;
    whole.y = p.y;
    if (m.shape.format >= tile_format::bf16)
      whole.q = rounded(m.shape, x, rows);
    const std::size_t pair_work = 2 * tile_rows * m.shape.k * rows;
    const std::size_t least = least_work / (pair_work + 1) + 1;
    for (std::size_t pair = 0; pair < m.tile_pairs;) {
      std::size_t count = std::max(left / (2 * pool_.threads()), least);
      if (rows > part_rows)
        count = std::min(count, most_pairs);
      count = std::min(count, m.tile_pairs - pair);
      add_tasks(whole, pair, pair + count, rows);
      pair += count;
      left -= count;
    }
  }
  pool_.run(tasks_.size(),
            [&](std::size_t part) { kernels_.matmul(tasks_[part]); });
}

} // namespace sluice::device
