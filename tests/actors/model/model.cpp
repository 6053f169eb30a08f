// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/model.hpp"

#include "device/error.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;

namespace {

device::model_config shape() {
  device::model_config config;
  config.layers = 6;
  config.kv_heads = 2;
  config.head_dim = 64;
  config.context = 1024;
  return config;
}

std::string complaint(const model_settings& settings) {
  try {
    limits_for(settings, shape(), device::kv_format::f32);
  } catch (const device::model_error& e) {
    return e.what();
  }
  return {};
}

} // namespace

BOOST_AUTO_TEST_SUITE(model_limits)

BOOST_AUTO_TEST_CASE(blocks_are_what_the_batch_can_use) {
  const auto limits = limits_for({}, shape(), device::kv_format::f32);
  BOOST_TEST(limits.context == 1024u);
  BOOST_TEST(limits.kv_blocks == 64u * 64);
}

BOOST_AUTO_TEST_CASE(blocks_are_bounded_by_memory) {
  model_settings settings;
  settings.kv_memory = 1 << 20; // a block of this shape takes 96 KiB
  const auto limits = limits_for(settings, shape(), device::kv_format::f32);
  BOOST_TEST(limits.kv_blocks == 10u);
  BOOST_TEST(limits.context == 160u);
  const auto half = limits_for(settings, shape(), device::kv_format::f16);
  BOOST_TEST(half.kv_blocks == 21u);
  BOOST_TEST(half.context == 336u);
  settings.kv_memory = 1000;
  BOOST_TEST(complaint(settings)
             == "kv_memory: 1000 bytes hold no block of 98304 bytes");
}

BOOST_AUTO_TEST_CASE(a_window_counts_when_every_layer_has_one) {
  model_settings settings;
  auto config = shape();
  const auto window = [&] {
    return limits_for(settings, config, device::kv_format::f16).window;
  };
  BOOST_TEST(window().window == 0u);
  config.window.assign(config.layers, 0);
  config.window[1] = 32;
  BOOST_TEST(window().window == 0u);
  settings.kv.window = 64;
  settings.kv.sinks = 4;
  BOOST_TEST(window().window == 64u);
  BOOST_TEST(window().sinks == 4u);
  settings.kv = {};
  config.window.assign(config.layers, 48);
  BOOST_TEST(window().window == 48u);
  BOOST_TEST(window().sinks == 0u);
}

BOOST_AUTO_TEST_CASE(settings_that_do_not_fit_are_named) {
  BOOST_TEST(complaint({.pipeline = 7})
             == "pipeline: 7 does not fit a model of 6 layers");
  BOOST_TEST(complaint({.pipeline = 0})
             == "pipeline: 0 does not fit a model of 6 layers");
  BOOST_TEST(complaint({.max_running = 0}) == "max_running must be at least 1");
  BOOST_TEST(complaint({.max_running = 64, .token_budget = 64})
             == "token_budget (64) must be greater than max_running (64)");
  BOOST_TEST(complaint({.context = 2048})
             == "context: 2048 is not between 2 and the model's 1024");
}

BOOST_AUTO_TEST_SUITE_END()
