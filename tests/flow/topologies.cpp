// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Whole graphs over HTTP: however the model is cut and whatever runs beside a
// request, the answer is the same to the last digit.
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

std::string chat_graph(int pipeline) {
  return R"(graph: chat
models:
  edge: {path: examples/models/edge-q8_0.gguf}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 2, pipeline: )"
         + std::to_string(pipeline) + R"(}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
)";
}

/// Choices with text, ids' log-probabilities and finish reasons, as JSON text;
/// what the server says where it refuses. Called from threads of its own, where
/// Boost.Test's macros must not be used.
std::string answer(const sluice::transport::address& server, int question) {
  const json::object body{
      {"prompt", "The history of the number " + std::to_string(question)},
      {"max_tokens", 24},
      {"temperature", question % 2},
      {"seed", question},
      {"logprobs", 3}};
  const auto got = http::client{server}.send("POST", "/v1/completions",
                                             json::serialize(body));
  if (got.status != 200)
    return "status " + std::to_string(got.status) + ": " + got.body;
  return json::serialize(json::parse(got.body).at("choices"));
}

/// Answers to `count` questions, all asked at once.
std::vector<std::string> answers_at_once(int pipeline, int count) {
  auto loaded = parse_graph(chat_graph(pipeline), "chat.yaml");
  BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
  running_graph graph{std::move(*loaded.value)};
  BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  std::vector<std::string> out(count);
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < count; ++i)
      clients.emplace_back([&, i] { out[i] = answer(graph.listening(), i); });
  }
  for (const auto& text : out)
    BOOST_REQUIRE_MESSAGE(text.starts_with('['), text);
  const auto report = graph.stop();
  BOOST_TEST(report.clean(), report.books);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(topologies)

BOOST_AUTO_TEST_CASE(every_pipeline_gives_the_same_answers) {
  const auto expected = answers_at_once(1, 8);
  for (const int pipeline : {2, 4})
    BOOST_TEST(answers_at_once(pipeline, 8) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(company_in_the_batch_changes_no_answer) {
  const auto alone = answers_at_once(1, 1);
  BOOST_TEST(answers_at_once(1, 32).front() == alone.front());
}

BOOST_AUTO_TEST_SUITE_END()
