// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_model/pass_cost.hpp"

#include <boost/test/unit_test.hpp>

using sluice::apps::pass_cost;
using sluice::device::model_config;

namespace {

model_config dense() {
  model_config c;
  c.layers = 2;
  c.width = 8;
  c.heads = 4;
  c.kv_heads = 2;
  c.head_dim = 2;
  c.ff_width = 16;
  c.vocabulary = 100;
  return c;
}

// Per layer: 8 x 2 x (2 x 4 + 2 x 2) and 3 x 8 x 16. The last feed-forward
// block runs for wanted rows alone.
constexpr double body = 2 * (192 + 384) - 384;
constexpr double head = 800 + 384;

} // namespace

BOOST_AUTO_TEST_SUITE(the_cost_of_a_pass)

BOOST_AUTO_TEST_CASE(counts_what_comes_last_for_wanted_logits_alone) {
  const auto config = dense();
  const pass_cost cost{config, 1000, 64};
  BOOST_TEST(cost.operations(10, 1) == 2 * (10 * body + head));
  BOOST_TEST(cost.operations(10, 10) == 2 * 10 * (body + head));
}

BOOST_AUTO_TEST_CASE(reads_dense_weights_once_for_any_batch) {
  const auto config = dense();
  const pass_cost cost{config, 1000, 64};
  BOOST_TEST(cost.weight_bytes(1) == 1000);
  BOOST_TEST(cost.weight_bytes(32) == 1000);
}

BOOST_AUTO_TEST_CASE(reads_the_experts_that_tokens_can_use) {
  auto config = dense();
  config.experts = 8;
  config.experts_used = 2;
  config.expert_ff_width = 16;
  const pass_cost cost{config, 1000, 64};
  BOOST_TEST(cost.weight_bytes(1) < cost.weight_bytes(2));
  BOOST_TEST(cost.weight_bytes(4) == 1000);
  BOOST_TEST(cost.weight_bytes(100) == 1000);
  // Two of eight experts, and the router.
  const double ff = 2 * 384 + 8 * 8;
  BOOST_TEST(cost.operations(1, 0) == 2 * (2 * (192 + ff) - ff));
  BOOST_TEST(cost.operations(1, 1) == 2 * (2 * (192 + ff) + 800));
}

BOOST_AUTO_TEST_CASE(sees_keys_and_values_as_far_as_the_window_goes) {
  auto config = dense();
  BOOST_TEST((pass_cost{config, 1000, 64}.kv_bytes(9)) == 640);
  config.window = {4, 0};
  BOOST_TEST((pass_cost{config, 1000, 64}.kv_bytes(9)) == 4 * 32 + 10 * 32);
  BOOST_TEST((pass_cost{config, 1000, 64}.kv_bytes(1)) == 2 * 64);
}

BOOST_AUTO_TEST_SUITE_END()
