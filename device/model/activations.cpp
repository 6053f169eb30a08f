// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/activations.hpp"

#include <cassert>

namespace sluice::device {

batch_layout lay_out(std::span<const sequence_step> steps) {
  batch_layout out;
  for (const auto& step : steps) {
    const auto count = static_cast<std::uint32_t>(step.tokens.size());
    assert(count >= 1);
    assert(step.outputs <= count);
    assert(step.read.first + step.read.count <= count);
    assert(step.blocks.size() * block_tokens >= step.start + count);
    const auto row = static_cast<std::uint32_t>(out.rows());
    out.spans.push_back({row, count, step.start, step.blocks.data()});
    for (std::uint32_t i = 0; i < count; ++i)
      out.positions.push_back(step.start + i);
    for (std::uint32_t i = count - step.outputs; i < count; ++i)
      out.output_rows.push_back(row + i);
    for (std::uint32_t i = 0; i < step.read.count; ++i)
      out.read_rows.push_back(row + step.read.first + i);
  }
  return out;
}

} // namespace sluice::device
