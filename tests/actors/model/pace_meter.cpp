// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/pace_meter.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

const instant start{1h};

} // namespace

BOOST_AUTO_TEST_SUITE(pace_meter_)

BOOST_AUTO_TEST_CASE(one_plan_tells_seconds_per_token_and_per_step) {
  pace_meter meter;
  meter.sent(start, 4);
  const auto pace = meter.returned(start + 2s);
  BOOST_REQUIRE(pace.has_value());
  BOOST_TEST(pace->token_seconds == 0.5);
  BOOST_TEST(pace->step_seconds == 2.0);
  BOOST_TEST(meter.last_step() == 2.0);
}

BOOST_AUTO_TEST_CASE(plans_under_way_together_share_their_time) {
  pace_meter meter;
  meter.sent(start, 1);
  meter.sent(start, 1);
  meter.returned(start + 1s);
  const auto pace = meter.returned(start + 2s);
  BOOST_REQUIRE(pace.has_value());
  BOOST_TEST(pace->token_seconds == 1.0); // not 1.5
  BOOST_TEST(meter.last_step() == 2.0);
}

BOOST_AUTO_TEST_CASE(a_plan_that_only_closes_says_nothing) {
  pace_meter meter;
  meter.sent(start, 0);
  BOOST_TEST(!meter.returned(start + 5s).has_value());
  BOOST_TEST(meter.last_step() == 0.0);
}

// Plans that waited for weights are no measure of those to come.
BOOST_AUTO_TEST_CASE(it_forgets_plans_that_came_back_or_are_under_way) {
  pace_meter meter;
  meter.sent(start, 1);
  BOOST_TEST(meter.returned(start + 100s).has_value());
  meter.sent(start + 100s, 1);
  meter.forget();
  BOOST_TEST(!meter.returned(start + 200s).has_value());
  meter.sent(start + 200s, 4);
  const auto pace = meter.returned(start + 202s);
  BOOST_REQUIRE(pace.has_value());
  BOOST_TEST(pace->token_seconds == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
