// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Drafts in whole graphs over HTTP: with and without, the answers are the same
// to the last digit.
#include "graph/build/running_graph.hpp"
#include "graph/load.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

using namespace sluice::graph;
namespace json = boost::json;
namespace http = sluice::transport::http;

namespace {

constexpr std::chrono::seconds patience{60};

std::string chat_graph(const std::string& settings) {
  const bool drafts = settings.find("small") != std::string::npos;
  return std::string{R"(graph: chat
models:
  large: {path: examples/models/cloud-q8_0.gguf}
)"} + (drafts ? "  small: {path: examples/models/edge-q8_0.gguf}\n" : "")
         + R"(actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: large}
  home: {kind: model, model: large, threads: 2)"
         + settings + R"(}
  done: {kind: postprocess, model: large}
flow:
  - door -> prep -> home -> done
  - done -> door
)";
}

const std::string small = ", draft: {model: small, tokens: 4, batch: 8}";
const std::string lookup = ", draft: {lookup: true, tokens: 4, batch: 8}";

struct outcome {
  std::vector<std::string> answers;
  double drafted = 0;
  double accepted = 0;
  double preemptions = 0;
};

double figure(const http::response& page, const std::string& name) {
  const auto line = name + "{model_name=\"large\"} ";
  const auto at = page.body.find(line);
  BOOST_REQUIRE_MESSAGE(at != std::string::npos, name);
  return std::stod(page.body.substr(at + line.size()));
}

json::object question(int number) {
  json::object body{{"prompt", "Count: one two three one two three one two. "
                               "The history of the number "
                                   + std::to_string(number)},
                    {"max_tokens", 40},
                    {"temperature", number % 2},
                    {"seed", number},
                    {"logprobs", 2}};
  if (number % 3 == 1)
    body["stop"] = {"the", ","};
  if (number % 4 == 3)
    body["presence_penalty"] = 0.5;
  return body;
}

std::string ask(const running_graph& graph, const json::object& body) {
  const auto got = http::client{graph.listening()}.send(
      "POST", "/v1/completions", json::serialize(body));
  BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
  return json::serialize(json::parse(got.body).at("choices"));
}

/// Answers to `count` questions, all asked at once.
outcome run(const std::string& settings, int count) {
  auto loaded = parse_graph(chat_graph(settings), "chat.yaml");
  BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
  running_graph graph{std::move(*loaded.value)};
  BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  outcome out;
  out.answers.resize(static_cast<std::size_t>(count));
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < count; ++i)
      clients.emplace_back([&, i] {
        out.answers[static_cast<std::size_t>(i)] = ask(graph, question(i));
      });
  }
  const auto page = http::client{graph.listening()}.send("GET", "/metrics");
  out.drafted = figure(page, "vllm:spec_decode_num_draft_tokens_total");
  out.accepted = figure(page, "vllm:spec_decode_num_accepted_tokens_total");
  out.preemptions = figure(page, "vllm:num_preemptions_total");
  const auto report = graph.stop();
  BOOST_TEST(report.clean(), report.books);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(draft_flow)

BOOST_AUTO_TEST_CASE(drafts_change_no_answer) {
  const auto plain = run("", 8);
  BOOST_TEST(plain.drafted == 0.0);
  for (const auto& settings :
       {small, lookup, small + ", pipeline: 2", lookup + ", pipeline: 2",
        small + ", prefix_cache: false"}) {
    const auto with = run(settings, 8);
    BOOST_TEST(with.answers == plain.answers, boost::test_tools::per_element());
    BOOST_TEST(with.drafted > 0.0, settings);
    BOOST_TEST(with.accepted > 0.0, settings);
    BOOST_TEST_MESSAGE(settings << ": " << with.accepted << " of "
                                << with.drafted);
  }
}

BOOST_AUTO_TEST_CASE(drafts_change_no_answer_where_blocks_are_scarce) {
  const std::string scarce = ", kv_memory: 1MiB, context: 112";
  const auto plain = run(scarce, 6);
  for (const auto& settings : {small, lookup}) {
    const auto with = run(settings + scarce, 6);
    BOOST_TEST(with.answers == plain.answers, boost::test_tools::per_element());
    BOOST_TEST_MESSAGE(with.preemptions << " preemptions");
  }
}

BOOST_AUTO_TEST_CASE(unseeded_requests_are_answered_too) {
  auto loaded = parse_graph(chat_graph(small), "chat.yaml");
  BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
  running_graph graph{std::move(*loaded.value)};
  BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  json::object body{{"prompt", "Once upon a time"},
                    {"max_tokens", 64},
                    {"ignore_eos", true},
                    {"n", 3}};
  ask(graph, body);
  const auto page = http::client{graph.listening()}.send("GET", "/metrics");
  BOOST_TEST(figure(page, "vllm:spec_decode_num_accepted_tokens_total") > 0.0);
  BOOST_TEST(figure(page, "vllm:generation_tokens_total") == 192.0);
}

BOOST_AUTO_TEST_SUITE_END()
