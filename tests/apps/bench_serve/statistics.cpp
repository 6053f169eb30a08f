// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/statistics.hpp"
#include "refused.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::apps;
using sluice::test::refusal;
namespace tt = boost::test_tools;

namespace {

/// Due at 1 s, sent 0.1 s late, text from 1.5 s to 2.5 s, 11 tokens.
request_sample sample() {
  return {.due = 1.0,
          .sent = 1.1,
          .first = 1.5,
          .last = 2.5,
          .end = 2.6,
          .longest_gap = 0.3,
          .pieces = 10,
          .prompt_wanted = 80,
          .prompt_tokens = 82,
          .cached_tokens = 41,
          .output_wanted = 12,
          .output_tokens = 11};
}

} // namespace

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(percentiles_are_linear_between_neighbours) {
  const std::vector<double> values{10, 20, 30, 40, 50};
  BOOST_TEST(percentile(values, 0) == 10);
  BOOST_TEST(percentile(values, 0.5) == 30);
  BOOST_TEST(percentile(values, 0.9) == 46, tt::tolerance(1e-12));
  BOOST_TEST(percentile(values, 1) == 50);
  BOOST_TEST(percentile({7}, 0.99) == 7);
}

BOOST_AUTO_TEST_CASE(a_summary_needs_no_order_and_no_values) {
  const auto s = summarize({3, 1, 2});
  BOOST_TEST(s.count == 3u);
  BOOST_TEST(s.mean == 2);
  BOOST_TEST(s.median == 2);
  BOOST_TEST(s.least == 1);
  BOOST_TEST(s.most == 3);
  BOOST_TEST(summarize({}).count == 0u);
  BOOST_TEST(summarize({}).p99 == 0);
}

BOOST_AUTO_TEST_CASE(a_requests_figures_follow_their_formulas) {
  const auto r = sample();
  BOOST_TEST(time_to_first_token(r) == 0.5);
  BOOST_TEST(end_to_end(r) == 1.5);
  BOOST_TEST(time_per_output_token(r).value() == 0.1, tt::tolerance(1e-12));
  auto one = r;
  one.output_tokens = 1;
  BOOST_TEST(!time_per_output_token(one));
}

BOOST_AUTO_TEST_CASE(a_report_adds_up) {
  run_record record;
  record.answered = {sample(), sample()};
  record.gaps = {0.1F, 0.3F};
  record.elapsed = 4;
  record.generator_cpu = 1;
  record.add_failure("HTTP 429", "busy");
  record.add_failure("HTTP 429", "still busy");
  const auto r = make_report(record, objective::parse("ttft=1s"));
  BOOST_TEST(r.answered == 2u);
  BOOST_TEST(r.failed == 2u);
  BOOST_TEST(r.requests_per_second == 0.5);
  BOOST_TEST(r.output_per_second == 5.5);
  BOOST_TEST(r.prompt_per_second == 41);
  BOOST_TEST(r.mean_prompt == 82);
  BOOST_TEST(r.wanted_prompt == 80);
  BOOST_TEST(r.cached_share == 0.5);
  BOOST_TEST(r.mean_in_flight == 0.75);
  BOOST_TEST(r.generator_share == 0.25);
  BOOST_TEST(r.itl.mean == 0.2, tt::tolerance(1e-6));
  BOOST_TEST(r.lateness.mean == 0.1, tt::tolerance(1e-12));
  BOOST_TEST(r.goodput.value() == 0.5);
  BOOST_TEST(r.met_share == 0.5, "failed requests met nothing");
  BOOST_TEST(record.failures.at("HTTP 429").example == "busy");
}

BOOST_AUTO_TEST_CASE(an_empty_record_gives_zeros) {
  const auto r = make_report({}, objective{});
  BOOST_TEST(r.output_per_second == 0);
  BOOST_TEST(r.mean_prompt == 0);
  BOOST_TEST(!r.goodput);
}

BOOST_AUTO_TEST_CASE(every_bound_of_an_objective_counts) {
  const auto met = [](const char* text) {
    return objective::parse(text).met_by(sample());
  };
  BOOST_TEST(met("ttft=500ms,tpot=150ms,itl=300ms,e2e=1.5s"));
  BOOST_TEST(!met("ttft=499ms"));
  BOOST_TEST(!met("tpot=50ms"));
  BOOST_TEST(!met("itl=299ms"));
  BOOST_TEST(!met("e2e=1.4s,ttft=1s"));
}

BOOST_AUTO_TEST_CASE(wrong_objectives_are_refused) {
  BOOST_TEST(refusal([] { objective::parse("speed=3ms"); })
             == "'speed=3ms' is no objective; write ttft=200ms, tpot=20ms, "
                "itl=50ms or e2e=2s");
  BOOST_TEST(!refusal([] { objective::parse("ttft"); }).empty());
  BOOST_TEST(refusal([] { objective::parse("ttft=soon"); })
             == "'soon' is no duration; write it as 200ms, 30s or 5m");
}

BOOST_AUTO_TEST_SUITE_END()
