// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/pace_meter.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(a_pace_meter)

BOOST_AUTO_TEST_CASE(tells_seconds_per_token_and_per_plan) {
  pace_meter meter;
  meter.sent(instant{10s}, 4);
  const auto pace = meter.returned(instant{12s});
  BOOST_REQUIRE(pace.has_value());
  BOOST_TEST(pace->token_seconds == 0.5);
  BOOST_TEST(pace->step_seconds == 2.0);
}

// Plans that waited for weights are no measure of those to come.
BOOST_AUTO_TEST_CASE(forgets_plans_that_came_back_or_are_under_way) {
  pace_meter meter;
  meter.sent(instant{0s}, 1);
  BOOST_TEST(meter.returned(instant{100s}).has_value());
  meter.sent(instant{100s}, 1);
  meter.forget();
  BOOST_TEST(!meter.returned(instant{200s}).has_value());
  meter.sent(instant{200s}, 4);
  const auto pace = meter.returned(instant{202s});
  BOOST_REQUIRE(pace.has_value());
  BOOST_TEST(pace->token_seconds == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
