// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/workload.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace sluice::apps;
namespace json = boost::json;

namespace {

calibration words() {
  const auto all = frequent_words();
  return {{all.begin(), all.end()}};
}

workload_settings settings() {
  workload_settings out;
  out.prompt = length_distribution{20};
  out.output = length_distribution{5};
  return out;
}

json::object body(const planned_request& r) {
  return json::parse(r.body).as_object();
}

} // namespace

BOOST_AUTO_TEST_SUITE(workloads)

BOOST_AUTO_TEST_CASE(a_chat_request_asks_for_a_measured_stream) {
  auto how = settings();
  how.form.model = "m";
  how.closed = true;
  const auto got = workload{how, words()}.next().value();
  BOOST_TEST(!got.at);
  const auto sent = body(got);
  BOOST_TEST(sent.at("model").as_string() == "m");
  BOOST_TEST(sent.at("messages").at(0).at("role").as_string() == "user");
  BOOST_TEST(sent.at("max_tokens").to_number<int>() == 5);
  BOOST_TEST(sent.at("ignore_eos").as_bool());
  BOOST_TEST(sent.at("stream").as_bool());
  BOOST_TEST(sent.at("stream_options").at("include_usage").as_bool());
}

BOOST_AUTO_TEST_CASE(completions_have_a_prompt_and_extra_fields_win) {
  auto how = settings();
  how.form.where = endpoint::completions;
  how.form.ignore_eos = false;
  how.form.extra = {{"temperature", 1}, {"user", "me"}};
  const auto sent = body(workload{how, words()}.next().value());
  BOOST_TEST(sent.at("prompt").as_string().starts_with("Note "));
  BOOST_TEST(!sent.contains("messages"));
  BOOST_TEST(!sent.contains("ignore_eos"));
  BOOST_TEST(!sent.contains("model"));
  BOOST_TEST(sent.at("temperature").to_number<int>() == 1);
  BOOST_TEST(sent.at("user").as_string() == "me");
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_requests) {
  auto how = settings();
  how.prompt = length_distribution::parse("uniform:5:50");
  workload one{how, words()};
  workload two{how, words()};
  how.seed = 1;
  workload other{how, words()};
  for (int i = 0; i < 5; ++i) {
    const auto first = one.next()->body;
    BOOST_TEST(first == two.next()->body);
    BOOST_TEST(first != other.next()->body);
  }
}

BOOST_AUTO_TEST_CASE(arrivals_give_the_times) {
  auto how = settings();
  how.arrivals.emplace(std::vector<rate_ramp>{}, 2,
                       std::numeric_limits<double>::infinity());
  workload made{how, words()};
  BOOST_TEST(made.next()->at.value() == 0.5);
  BOOST_TEST(made.next()->at.value() == 1.0);
}

BOOST_AUTO_TEST_CASE(a_trace_gives_lengths_and_times_and_ends) {
  auto how = settings();
  how.recorded = trace{{{0, 30, 3, {1}}, {2.5, 40, 4, {1}}}, 16, 0};
  workload made{how, words()};
  const auto first = made.next().value();
  const auto second = made.next().value();
  BOOST_TEST(first.prompt_tokens == 30u);
  BOOST_TEST(second.at.value() == 2.5);
  BOOST_TEST(second.output_tokens == 4u);
  BOOST_TEST(!made.next());
  const auto text = [](const planned_request& r) {
    return std::string{body(r).at("messages").at(0).at("content").as_string()};
  };
  const auto shared = text(first).substr(0, 40);
  BOOST_TEST(text(second).starts_with(shared));
}

BOOST_AUTO_TEST_SUITE_END()
