// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/exponential.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using sluice::device::exp_of_negative;

BOOST_AUTO_TEST_SUITE(exponential)

BOOST_AUTO_TEST_CASE(zero_gives_exactly_one) {
  BOOST_TEST(exp_of_negative(0.0f) == 1.0f);
  BOOST_TEST(exp_of_negative(-0.0f) == 1.0f);
}

BOOST_AUTO_TEST_CASE(the_whole_range_is_within_its_stated_error) {
  double worst = 0.0;
  for (float x = 0.0f; x > -87.0f; x -= 0.00137f) {
    const double exact = std::exp(double{x});
    worst = std::max(worst, std::abs(exp_of_negative(x) - exact) / exact);
  }
  BOOST_TEST_MESSAGE("worst relative error " << worst);
  BOOST_TEST(worst < 2e-7);
}

BOOST_AUTO_TEST_CASE(very_negative_numbers_give_zero) {
  BOOST_TEST(exp_of_negative(-87.1f) == 0.0f);
  BOOST_TEST(exp_of_negative(std::numeric_limits<float>::lowest()) == 0.0f);
  BOOST_TEST(exp_of_negative(-std::numeric_limits<float>::infinity()) == 0.0f);
}

BOOST_AUTO_TEST_SUITE_END()
