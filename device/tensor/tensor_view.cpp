// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/tensor/tensor_view.hpp"

#include <cassert>

namespace sluice::device {

std::size_t tensor_view::elements() const noexcept {
  std::size_t product = 1;
  for (const auto dimension : shape) {
    product *= dimension;
  }
  return product;
}

std::size_t tensor_view::rows() const noexcept {
  std::size_t product = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) {
    product *= shape[i];
  }
  return product;
}

std::size_t tensor_view::columns() const noexcept {
  return shape.empty() ? 1 : shape.back();
}

std::size_t tensor_view::bytes() const noexcept {
  return rows() * row_bytes(type, columns());
}

tensor_view tensor_view::row_slice(std::size_t first, std::size_t count) const {
  assert(shape.size() == 2);
  assert(first <= shape[0] && count <= shape[0] - first);
  return {type, {count, shape[1]}, data + first * row_bytes(type, shape[1])};
}

tensor_view tensor_view::at(std::size_t index) const {
  assert(shape.size() >= 2);
  assert(index < shape[0]);
  tensor_view result{type, {shape.begin() + 1, shape.end()}, nullptr};
  result.data = data + index * result.bytes();
  return result;
}

std::vector<float> to_f32(const tensor_view& tensor) {
  const auto columns = tensor.columns();
  std::vector<float> result(tensor.elements());
  if (result.empty()) {
    return result;
  }
  for (std::size_t row = 0; row < tensor.rows(); ++row) {
    dequantize_row(tensor, row,
                   std::span{result}.subspan(row * columns, columns));
  }
  return result;
}

} // namespace sluice::device
