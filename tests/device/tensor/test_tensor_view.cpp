// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Slices of tensor views, and their sizes.
#include "device/tensor/tensor_view.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstring>

using namespace sluice::device;

namespace {

/// 24 floats that count up from 0.
const std::byte* counting() {
  static const auto values = [] {
    std::array<float, 24> result{};
    for (std::size_t i = 0; i < result.size(); ++i) {
      result[i] = static_cast<float>(i);
    }
    return result;
  }();
  return reinterpret_cast<const std::byte*>(values.data());
}

} // namespace

BOOST_AUTO_TEST_SUITE(views)

BOOST_AUTO_TEST_CASE(scalar_is_one_row_of_one_column) {
  const tensor_view scalar{dtype::f32, {}, counting()};
  BOOST_TEST(scalar.elements() == 1);
  BOOST_TEST(scalar.rows() == 1);
  BOOST_TEST(scalar.columns() == 1);
  BOOST_TEST(scalar.bytes() == 4);
}

BOOST_AUTO_TEST_CASE(sizes_count_blocks) {
  const tensor_view tensor{dtype::q6_k, {3, 2, 512}, nullptr};
  BOOST_TEST(tensor.elements() == 3072);
  BOOST_TEST(tensor.rows() == 6);
  BOOST_TEST(tensor.columns() == 512);
  BOOST_TEST(tensor.bytes() == 6 * 2 * 210);
}

BOOST_AUTO_TEST_CASE(row_slice_points_into_the_tensor) {
  const tensor_view matrix{dtype::f32, {6, 4}, counting()};
  const auto slice = matrix.row_slice(2, 3);
  BOOST_TEST(slice.shape == (std::vector<std::size_t>{3, 4}),
             boost::test_tools::per_element());
  BOOST_TEST(slice.data == counting() + 2 * 4 * 4);
  BOOST_TEST(to_f32(slice).front() == 8.0f);
  BOOST_TEST(to_f32(slice).back() == 19.0f);
}

BOOST_AUTO_TEST_CASE(empty_row_slice_has_no_elements) {
  const tensor_view matrix{dtype::f32, {6, 4}, counting()};
  BOOST_TEST(matrix.row_slice(6, 0).elements() == 0);
  BOOST_TEST(to_f32(matrix.row_slice(6, 0)).empty());
}

BOOST_AUTO_TEST_CASE(at_drops_the_outermost_dimension) {
  const tensor_view stack{dtype::f32, {2, 3, 4}, counting()};
  const auto second = stack.at(1);
  BOOST_TEST(second.shape == (std::vector<std::size_t>{3, 4}),
             boost::test_tools::per_element());
  BOOST_TEST(to_f32(second).front() == 12.0f);
}

BOOST_AUTO_TEST_SUITE_END()
