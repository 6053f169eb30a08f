// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/forecast.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;

namespace {

forecast trained() {
  forecast f;
  f.measured({.token_seconds = 0.5, .step_seconds = 2.0});
  f.ended(30, 10);
  return f;
}

} // namespace

BOOST_AUTO_TEST_SUITE(forecast_)

BOOST_AUTO_TEST_CASE(without_a_measured_pace_it_says_nothing) {
  BOOST_TEST(!forecast{}.ready());
  BOOST_TEST(trained().ready());
}

BOOST_AUTO_TEST_CASE(a_free_place_waits_for_the_prompts_ahead_only) {
  BOOST_TEST(trained().wait_seconds({.prompt_tokens = 20, .places = 0}) == 10);
}

BOOST_AUTO_TEST_CASE(a_full_batch_waits_for_whole_answers) {
  // Each place costs 30 + 10 tokens.
  BOOST_TEST(trained().wait_seconds({.prompt_tokens = 20, .places = 3}) == 60);
}

BOOST_AUTO_TEST_CASE(an_answer_is_expected_as_long_as_others_were) {
  const auto f = trained();
  BOOST_TEST(f.run_seconds(4, 1000, false) == 2 + 20);
  BOOST_TEST(f.run_seconds(4, 5, false) == 2 + 10);
  BOOST_TEST(f.run_seconds(4, 1000, true) == 2 + 2000);
}

BOOST_AUTO_TEST_CASE(retry_after_is_within_a_minute) {
  const auto f = trained();
  BOOST_TEST(f.retry_seconds({.prompt_tokens = 0, .places = 0}) == 1u);
  BOOST_TEST(f.retry_seconds({.prompt_tokens = 0, .places = 2}) == 40u);
  BOOST_TEST(f.retry_seconds({.prompt_tokens = 0, .places = 50}) == 60u);
}

BOOST_AUTO_TEST_SUITE_END()
