// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A tensor that lies in a mapped file: format, shape and where. A value; it
// does not own the bytes, the model_files it came from does.
#pragma once

#include "device/tensor/dtype.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::device {

/// Read-only view of a contiguous tensor. `shape` is outermost first, so a
/// weight matrix is {rows = outputs n, columns = inputs k}.
struct tensor_view {
  dtype type = dtype::f32;
  std::vector<std::size_t> shape;
  const std::byte* data = nullptr;

  /// Product of the shape; 1 for a scalar.
  std::size_t elements() const noexcept;
  /// Rows: the product of all dimensions but the last.
  std::size_t rows() const noexcept;
  /// Columns: the last dimension; 1 for a scalar.
  std::size_t columns() const noexcept;
  /// Bytes of the whole tensor.
  std::size_t bytes() const noexcept;
  /// Rows [first, first + count) of a matrix, as a view without a copy.
  tensor_view row_slice(std::size_t first, std::size_t count) const;
  /// Element `index` of the outermost dimension: [e, n, k] -> [n, k].
  tensor_view at(std::size_t index) const;
};

/// Writes row `row` of a [rows, columns] tensor as f32 into `out` [columns].
void dequantize_row(const tensor_view& tensor, std::size_t row,
                    std::span<float> out);

/// The whole tensor as f32, row-major.
std::vector<float> to_f32(const tensor_view& tensor);

} // namespace sluice::device
