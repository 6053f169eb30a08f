// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/lengths.hpp"
#include "apps/bench_serve/duration.hpp"
#include "refused.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <vector>

using namespace sluice::apps;
using sluice::test::refusal;

namespace {

std::vector<std::uint32_t> samples(const char* text) {
  std::mt19937_64 random{3};
  const auto lengths = length_distribution::parse(text);
  std::vector<std::uint32_t> out(10'001);
  std::generate(out.begin(), out.end(), [&] { return lengths.sample(random); });
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(lengths)

BOOST_AUTO_TEST_CASE(a_number_is_always_itself) {
  const auto all = samples("80");
  BOOST_TEST(all.front() == 80u);
  BOOST_TEST(all.back() == 80u);
}

BOOST_AUTO_TEST_CASE(uniform_reaches_both_ends) {
  const auto all = samples("uniform:3:9");
  BOOST_TEST(all.front() == 3u);
  BOOST_TEST(all.back() == 9u);
  BOOST_TEST(all[all.size() / 2] == 6u);
}

BOOST_AUTO_TEST_CASE(lognormal_has_its_median_and_bound) {
  const auto all = samples("lognormal:100:0.8:400");
  const auto median = all[all.size() / 2];
  BOOST_TEST((median > 94 && median < 106));
  BOOST_TEST(all.front() >= 1u);
  BOOST_TEST(all.back() == 400u);
}

BOOST_AUTO_TEST_CASE(wrong_lengths_are_refused_with_what_is_right) {
  const auto refused = [](const char* text) {
    return refusal([&] { length_distribution::parse(text); });
  };
  BOOST_TEST(refused("gauss:1:2")
             == "'gauss:1:2' is no length; write 80, uniform:32:256 or "
                "lognormal:MEDIAN:SIGMA[:MAX]");
  BOOST_TEST(refused("") == "'' is no number");
  BOOST_TEST(refused("0")
             == "'0' is no length; it is a whole number of tokens, 1 or more");
  BOOST_TEST(!refused("1.5").empty());
  BOOST_TEST(refused("uniform:9:3")
             == "'uniform:9:3': the second length is the larger one");
  BOOST_TEST(!refused("uniform:9").empty());
  BOOST_TEST(!refused("lognormal:9:-1").empty());
}

BOOST_AUTO_TEST_CASE(durations_have_units) {
  BOOST_TEST(parse_duration("200ms") == 0.2);
  BOOST_TEST(parse_duration("1.5s") == 1.5);
  BOOST_TEST(parse_duration("2m") == 120);
  BOOST_TEST(parse_duration("7") == 7);
  for (const auto* text : {"", "s", "-1s", "1 s", "inf", "nan", "5x"})
    BOOST_TEST(!refusal([&] { parse_duration(text); }).empty(), text);
}

BOOST_AUTO_TEST_SUITE_END()
