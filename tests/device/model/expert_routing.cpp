// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/expert_routing.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace sluice::device;

namespace {

using rows = std::vector<std::uint32_t>;

const auto nearly = boost::test_tools::tolerance(1e-6f);

} // namespace

BOOST_AUTO_TEST_SUITE(expert_routing)

BOOST_AUTO_TEST_CASE(normalised_weights_are_a_softmax_of_the_chosen) {
  const std::vector<float> logits{0.0f, std::log(3.0f), -9.0f, 0.5f};
  const auto shares = route(logits, 4, 2, true);
  BOOST_TEST(shares[0].rows.empty());
  BOOST_TEST(shares[2].rows.empty());
  const float sum = 3.0f + std::exp(0.5f);
  BOOST_TEST(shares[1].weights.at(0) == 3.0f / sum, nearly);
  BOOST_TEST(shares[3].weights.at(0) == std::exp(0.5f) / sum, nearly);
}

BOOST_AUTO_TEST_CASE(plain_weights_are_a_softmax_of_all) {
  const std::vector<float> logits{0.0f, std::log(3.0f), 0.0f, 0.0f};
  const auto shares = route(logits, 4, 1, false);
  BOOST_TEST(shares[1].weights.at(0) == 0.5f, nearly);
}

BOOST_AUTO_TEST_CASE(equal_experts_rank_by_index) {
  const std::vector<float> logits{1.0f, 2.0f, 2.0f, 2.0f};
  const auto shares = route(logits, 4, 2, true);
  BOOST_TEST(shares[1].rows == rows{0});
  BOOST_TEST(shares[2].rows == rows{0});
  BOOST_TEST(shares[3].rows.empty());
}

BOOST_AUTO_TEST_CASE(rows_are_grouped_by_expert_in_order) {
  const std::vector<float> logits{1.0f, 0.0f, //
                                  0.0f, 1.0f, //
                                  2.0f, 0.0f};
  const auto shares = route(logits, 2, 1, true);
  BOOST_TEST(shares[0].rows == (rows{0, 2}));
  BOOST_TEST(shares[1].rows == rows{1});
  BOOST_TEST(shares[0].weights.at(1) == 1.0f);
}

BOOST_AUTO_TEST_CASE(logits_that_are_no_numbers_do_not_crash) {
  const std::vector<float> logits{std::nanf(""), std::nanf(""), 1.0f};
  const auto shares = route(logits, 3, 2, true);
  BOOST_TEST(shares[2].rows == rows{0});
}

BOOST_AUTO_TEST_SUITE_END()
