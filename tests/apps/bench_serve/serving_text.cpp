// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/serving_text.hpp"
#include "apps/bench_serve/serving_plot.hpp"
#include "refused.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace sluice::apps;
using sluice::test::refusal;

namespace {

const run_description what{.url = "http://h:1",
                           .endpoint = "/v1/completions",
                           .model = "m<1>",
                           .load = "open loop",
                           .lengths = "prompts 80, answers 10 tokens",
                           .tokenizer = "/tokenize",
                           .wanted_rate = 4.0,
                           .shared_share = {},
                           .bounds = {}};

run_record record() {
  run_record out;
  request_sample r;
  r.due = r.sent = 0.5;
  r.first = 0.75;
  r.last = r.end = 1;
  r.prompt_wanted = r.prompt_tokens = 80;
  r.output_wanted = r.output_tokens = 10;
  out.answered.assign(4, r);
  out.gaps = {0.01F, 0.02F};
  out.pieces_per_tick = {0, 3, 5};
  out.elapsed = 1;
  return out;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> doubts(const run_record& made) {
  return warnings(what, made, make_report(made, {}));
}

bool warned(const run_record& made, std::string_view part) {
  const auto all = doubts(made);
  return std::any_of(all.begin(), all.end(),
                     [&](auto& text) { return contains(text, part); });
}

} // namespace

BOOST_AUTO_TEST_SUITE(serving_texts)

BOOST_AUTO_TEST_CASE(the_text_holds_figures_failures_and_formulas) {
  auto made = record();
  made.add_failure("HTTP 429", "every place is taken");
  const auto text = to_text(what, made, make_report(made, {}));
  BOOST_TEST(contains(text, "4 answered, 1 failed in 1.00 s"), text);
  BOOST_TEST(contains(text, "output tok/s   40.0"), text);
  BOOST_TEST(contains(text, "requests/s     4.00 (wanted 4.00)"), text);
  BOOST_TEST(contains(text, "TTFT         250.0"), text);
  BOOST_TEST(contains(text, "1 x HTTP 429: every place is taken"), text);
  BOOST_TEST(contains(text, "TTFT = first text - due"), text);
}

BOOST_AUTO_TEST_CASE(a_good_run_raises_no_doubt) {
  BOOST_TEST(doubts(record()).empty());
}

BOOST_AUTO_TEST_CASE(doubts_are_said) {
  auto busy = record();
  busy.generator_cpu = 0.9;
  BOOST_TEST(warned(busy, "90 % of its core"));
  auto late = record();
  for (auto& r : late.answered)
    r.sent += 0.05;
  BOOST_TEST(warned(late, "does not keep the wanted rate"));
  auto other = record();
  for (auto& r : other.answered)
    r.prompt_tokens = 100;
  BOOST_TEST(warned(other, "100.0 tokens instead of 80.0"));
  auto brief = record();
  for (auto& r : brief.answered)
    r.output_tokens = 5;
  BOOST_TEST(warned(brief, "5.0 tokens instead of 10.0"));
  auto cut = record();
  cut.interrupted = true;
  BOOST_TEST(warned(cut, "interrupted"));
}

BOOST_AUTO_TEST_CASE(json_holds_every_request) {
  const auto made = record();
  const auto out = to_json(what, made, make_report(made, {}));
  BOOST_TEST(out.at("requests").as_array().size() == 4u);
  BOOST_TEST(out.at("ttft").at("p95").to_number<double>() == 0.25);
  BOOST_TEST(out.at("output_tokens_per_second").to_number<double>() == 40);
}

BOOST_AUTO_TEST_CASE(the_picture_is_xml_even_without_an_answer) {
  const auto made = record();
  auto odd = what;
  odd.load = "a<b & c";
  const auto svg = serving_svg(odd, made, make_report(made, {}));
  BOOST_TEST(svg.starts_with("<svg "));
  BOOST_TEST(contains(svg, "a&lt;b &amp; c"));
  BOOST_TEST(!contains(svg, "nan"));
  const auto empty = serving_svg(odd, {}, make_report({}, {}));
  BOOST_TEST(empty.ends_with("</svg>\n"));
  BOOST_TEST(!contains(empty, "nan"));
}

BOOST_AUTO_TEST_SUITE_END()
