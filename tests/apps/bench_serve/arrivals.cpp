// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/arrivals.hpp"
#include "refused.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace sluice::apps;
using sluice::test::refusal;

namespace {

constexpr double metronome = std::numeric_limits<double>::infinity();

std::vector<double> first(arrival_process process, std::size_t count) {
  std::mt19937_64 random{7};
  std::vector<double> out;
  while (out.size() < count)
    out.push_back(process.next(random));
  return out;
}

/// Variance of the gaps over the square of their mean.
double spread(const std::vector<double>& times) {
  double mean = times.back() / static_cast<double>(times.size());
  double sum = 0;
  double before = 0;
  for (const double t : times) {
    sum += (t - before - mean) * (t - before - mean);
    before = t;
  }
  return sum / static_cast<double>(times.size()) / (mean * mean);
}

} // namespace

BOOST_AUTO_TEST_SUITE(arrivals)

BOOST_AUTO_TEST_CASE(a_metronome_comes_at_the_rate) {
  const auto times = first({{}, 4, metronome}, 3);
  BOOST_TEST(times[0] == 0.25);
  BOOST_TEST(times[1] == 0.5);
  BOOST_TEST(times[2] == 0.75);
}

BOOST_AUTO_TEST_CASE(gaps_have_the_mean_and_spread_of_their_shape) {
  constexpr std::size_t count = 20'000;
  for (const double shape : {0.25, 1.0, 4.0}) {
    const auto times = first({{}, 10, shape}, count);
    // The gaps' relative variance is 1/shape; four standard errors.
    BOOST_TEST(std::abs(times.back() / (count / 10.0) - 1)
               < 4 / std::sqrt(shape * count));
    BOOST_TEST(std::abs(spread(times) * shape - 1) < 0.15);
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_times) {
  BOOST_TEST(first({{}, 10, 1}, 50) == first({{}, 10, 1}, 50));
}

BOOST_AUTO_TEST_CASE(a_ramp_brings_the_area_under_it) {
  // 0 to 10 per second within 4 seconds: t*t*10/8 arrivals until t.
  const arrival_process ramp{{{0, 10, 4}}, 10, metronome};
  BOOST_TEST(ramp.expected_until(2) == 5.0);
  BOOST_TEST(ramp.expected_until(4) == 20.0);
  BOOST_TEST(ramp.expected_until(5) == 30.0);
  BOOST_TEST(ramp.rate_at(2) == 5.0);
  const auto times = first(ramp, 30);
  BOOST_TEST(times[4] == 2.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(times[19] == 4.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(times[29] == 5.0, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(ramps_follow_each_other_up_and_down) {
  const arrival_process hill{{{0, 10, 2}, {10, 0, 2}}, 0, metronome};
  const auto times = first(hill, 21);
  BOOST_TEST(times[9] == 2.0, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(times[19] == 4.0, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(std::isinf(times[20]), "nothing comes at rate 0");
}

BOOST_AUTO_TEST_CASE(a_flat_ramp_is_a_constant_rate) {
  const auto times = first({{{5, 5, 2}}, 5, metronome}, 10);
  BOOST_TEST(times[9] == 2.0, boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(ramps_are_read_from_text) {
  const auto ramp = parse_ramp("1:50.5:2m");
  BOOST_TEST(ramp.from == 1);
  BOOST_TEST(ramp.to == 50.5);
  BOOST_TEST(ramp.seconds == 120);
}

BOOST_AUTO_TEST_CASE(wrong_ramps_and_rates_are_refused) {
  BOOST_TEST(refusal([] { parse_ramp("1:50"); })
             == "'1:50' is no ramp; write it as FROM:TO:DURATION, e.g. "
                "1:50:30s");
  BOOST_TEST(refusal([] { parse_ramp("1:x:3s"); }) == "'x' is no number");
  BOOST_TEST(refusal([] { parse_ramp("1:2:3y"); })
             == "'3y' is no duration; write it as 200ms, 30s or 5m");
  BOOST_TEST(!refusal([] { parse_ramp("-1:2:3s"); }).empty());
  BOOST_TEST(!refusal([] { parse_ramp("1:2:0s"); }).empty());
  BOOST_TEST(refusal([] { arrival_process({}, 0, 1); })
             == "the rate must be above 0");
  BOOST_TEST(refusal([] { arrival_process({}, 1, 0); })
             == "the burstiness must be above 0");
}

BOOST_AUTO_TEST_SUITE_END()
