// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// `attention: {window, sinks}` in a whole graph: a context runs that the blocks
// could not hold, what lies behind the window is free for others, and the
// answer does not depend on how it was computed.
#include "tests/flow/served_graph.hpp"

using namespace sluice::graph::tests;
namespace json = boost::json;
namespace http = sluice::transport::http;

namespace {

// A block of 16 tokens takes 48 KiB: 6 layers, K and V, 2 heads of 64, f16.
const std::string sixteen_blocks = ", kv_memory: 768KiB";
const std::string sixty_four_blocks = ", kv_memory: 3MiB";
const std::string window = ", attention: {window: 96, sinks: 4}";
// Chunks and the window of 96 tokens, with the sinks' block.
const std::string small_steps = ", batch: 8, step_tokens: 64";

/// More than 16 blocks; each number another one.
json::object question(int number) {
  std::string text;
  for (int i = 0; i < 50 + 9 * number; ++i)
    text += "Line " + std::to_string(i * (number + 3)) + " is read. ";
  return {{"prompt", text + "The end of the story is"},
          {"max_tokens", 48},
          {"temperature", number % 2},
          {"seed", number},
          {"ignore_eos", true},
          {"logprobs", 2}};
}

std::vector<json::object> questions() {
  std::vector<json::object> out;
  for (int i = 0; i < 4; ++i)
    out.push_back(question(i));
  return out;
}

/// One after the other, in one piece, nothing shared.
std::vector<std::string> alone(const std::string& of_model) {
  const served_graph s{chat_graph(
      of_model, ", batch: 1, step_tokens: 1024, prefix_cache: false")};
  std::vector<std::string> out;
  for (const auto& one : questions())
    out.push_back(s.choices(one));
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(window_flow)

BOOST_AUTO_TEST_CASE(a_context_runs_that_the_blocks_could_not_hold) {
  const served_graph narrow{chat_graph("", sixteen_blocks + small_steps)};
  const auto refused = narrow.post("/v1/completions", question(0));
  BOOST_TEST(refused.status == 400u);
  BOOST_TEST(refused.body.find("context_length_exceeded") != std::string::npos,
             refused.body);
  const served_graph s{chat_graph(window, sixteen_blocks + small_steps)};
  const auto got = s.post("/v1/completions", question(0));
  BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
  const auto used =
      json::parse(got.body).at_pointer("/usage/total_tokens").as_int64();
  BOOST_TEST(used > 16 * 16 + 100);
}

BOOST_AUTO_TEST_CASE(blocks_behind_the_window_are_free_while_the_answer_runs) {
  const served_graph s{chat_graph(window, sixty_four_blocks + small_steps)};
  auto body = question(0);
  body["max_tokens"] = 200;
  body["stream"] = true;
  double most = 0;
  int pieces = 0;
  http::client{s.graph().listening()}.events(
      "POST", "/v1/completions", json::serialize(body), [&](std::string_view) {
        if (++pieces % 16 == 0)
          most = std::max(most, s.figure("vllm:kv_cache_usage_perc"));
        return true;
      });
  BOOST_TEST(pieces > 150);
  // Of more than 30 blocks' worth of tokens: the window, which may begin and
  // end within a block, the sinks, and room for a step.
  BOOST_TEST(most > 0.0);
  BOOST_TEST(most * 64 <= 7 + 1 + 5);
  BOOST_TEST(s.figure("vllm:kv_cache_usage_perc") == 0.0);
}

BOOST_AUTO_TEST_CASE(answers_do_not_show_how_they_were_computed) {
  const auto expected = alone(window);
  for (const auto& one : expected)
    BOOST_REQUIRE_MESSAGE(one.starts_with('['), one);
  BOOST_TEST(alone("") != expected); // the window is one
  for (const auto& settings :
       {std::string{}, small_steps, small_steps + ", prefix_cache: false",
        small_steps + ", pipeline: 3", small_steps + sixty_four_blocks,
        small_steps + sixteen_blocks}) {
    const served_graph s{chat_graph(window, settings)};
    BOOST_TEST(s.at_once(questions()) == expected,
               boost::test_tools::per_element());
    // Now the cache knows what it may know.
    BOOST_TEST(s.at_once(questions()) == expected,
               boost::test_tools::per_element());
    BOOST_TEST_MESSAGE(
        settings << ": " << s.figure("vllm:prefix_cache_hits_total")
                 << " tokens found, " << s.figure("vllm:num_preemptions_total")
                 << " preemptions");
    if (settings.find("prefix_cache") == std::string::npos
        && settings.find("kv_memory") == std::string::npos)
      BOOST_TEST(s.figure("vllm:prefix_cache_hits_total") > 0.0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
