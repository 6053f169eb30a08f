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
// Tasks per thread: the last ones to end leave little idle time.
constexpr std::size_t tasks_per_thread = 16;
// Tiles of a task with many rows: they wait in the L2 and L3 caches for the
// next rows.
constexpr std::size_t most_tiles = 16;

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
void cpu_products::add_tasks(matmul_task whole, std::size_t tiles,
                             std::size_t per_task, std::size_t rows) {
  for (std::size_t tile = 0; tile < tiles; tile += per_task)
    for (std::size_t row = 0; row < rows; row += part_rows) {
      whole.first_row = row;
      whole.last_row = std::min(rows, row + part_rows);
      whole.first_tile = tile;
      whole.last_tile = std::min(tiles, tile + per_task);
      tasks_.push_back(whole);
    }
}

void cpu_products::run(std::span<const product> products, const float* x,
                       std::size_t rows) {
  if (rows == 0)
    return;
  inputs_used_ = 0;
  tasks_.clear();
  std::size_t pairs = 0;
  for (const auto& p : products)
    pairs += packed(p).tile_pairs;
  for (const auto& p : products) {
    const auto& m = packed(p);
    const std::size_t pair_work = 2 * tile_rows * m.shape.k * rows;
    const std::size_t least = least_work / std::max(pair_work, std::size_t(1));
    std::size_t per_task = std::max(
        {pairs / (tasks_per_thread * pool_.threads()), least, std::size_t(1)});
    if (rows > part_rows)
      per_task = std::min(per_task, most_tiles / 2);
    matmul_task whole{};
    whole.shape = &m.shape;
    whole.tiles = m.memory.data();
    whole.x = x;
    whole.bias = p.bias;
    whole.y = p.y;
    if (m.shape.format >= tile_format::bf16)
      whole.q = rounded(m.shape, x, rows);
    add_tasks(whole, 2 * m.tile_pairs, 2 * per_task, rows);
  }
  pool_.run(tasks_.size(),
            [&](std::size_t part) { kernels_.matmul(tasks_[part]); });
}

} // namespace sluice::device
