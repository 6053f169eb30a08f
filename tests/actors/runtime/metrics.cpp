// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace sluice::actors;

namespace {

bool has_line(const std::string& page, const std::string& line) {
  return page.find("\n" + line + "\n") != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(metrics_page)

BOOST_AUTO_TEST_CASE(an_observation_on_the_bound_counts_below_it) {
  const double bounds[]{1.0, 2.0};
  histogram h{bounds};
  h.observe(1.0);
  h.observe(1.5);
  h.observe(9.0);
  BOOST_TEST(h.in_bucket(0) == 1u);
  BOOST_TEST(h.in_bucket(1) == 1u);
  BOOST_TEST(h.in_bucket(2) == 1u);
  BOOST_TEST(h.sum() == 11.5);
}

BOOST_AUTO_TEST_CASE(buckets_are_cumulative_and_end_in_infinity) {
  metrics all;
  auto& m = all.model("edge");
  m.time_to_first_token.observe(0.02);
  m.time_to_first_token.observe(1000.0);
  const auto page = all.prometheus();
  const std::string name = "vllm:time_to_first_token_seconds";
  const std::string edge = "{model_name=\"edge\"";
  BOOST_TEST(has_line(page, name + "_bucket" + edge + ",le=\"0.01\"} 0"));
  BOOST_TEST(has_line(page, name + "_bucket" + edge + ",le=\"0.02\"} 1"));
  BOOST_TEST(has_line(page, name + "_bucket" + edge + ",le=\"160\"} 1"));
  BOOST_TEST(has_line(page, name + "_bucket" + edge + ",le=\"+Inf\"} 2"));
  BOOST_TEST(has_line(page, name + "_count" + edge + "} 2"));
  BOOST_TEST(has_line(page, name + "_sum" + edge + "} 1000.02"));
}

BOOST_AUTO_TEST_CASE(names_and_types_are_vllms_where_the_meaning_is) {
  metrics all;
  auto& m = all.model("edge");
  m.requests_running.set(3);
  m.prompt_tokens.add(7);
  m.request_success[static_cast<int>(finished::length)].add();
  const auto page = all.prometheus();
  BOOST_TEST(has_line(page, "# TYPE vllm:num_requests_running gauge"));
  BOOST_TEST(
      has_line(page, "vllm:num_requests_running{model_name=\"edge\"} 3"));
  BOOST_TEST(has_line(page, "vllm:prompt_tokens_total{model_name=\"edge\"} 7"));
  BOOST_TEST(has_line(page, "vllm:request_success_total{model_name=\"edge\","
                            "finished_reason=\"length\"} 1"));
}

BOOST_AUTO_TEST_CASE(hostile_model_names_stay_inside_their_quotes) {
  metrics all;
  all.model("a\"} 1\nx \\");
  BOOST_TEST(all.prometheus().find("{model_name=\"a\\\"} 1\\nx \\\\\"} 0")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(responses_are_counted_by_status) {
  metrics all;
  all.door.count_response(200);
  all.door.count_response(200);
  all.door.count_response(9999);
  const auto page = all.prometheus();
  BOOST_TEST(has_line(page, "sluice_http_responses_total{code=\"200\"} 2"));
  BOOST_TEST(page.find("9999") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(threads_count_without_losing_any) {
  metrics all;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        all.model("edge").generation_tokens.add();
        all.model("edge").e2e_latency.observe(1.0);
        all.door.connections.add(1);
        if (i % 100 == 0)
          all.prometheus();
      }
    });
  for (auto& t : threads)
    t.join();
  BOOST_TEST(all.model("edge").generation_tokens.value() == 4000u);
  BOOST_TEST(all.model("edge").e2e_latency.sum() == 4000.0);
  BOOST_TEST(all.door.connections.value() == 4000.0);
}

BOOST_AUTO_TEST_SUITE_END()
