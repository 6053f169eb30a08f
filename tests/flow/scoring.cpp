// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Scores of prompts and embeddings in whole graphs over HTTP: the same to the
// last digit in every pipeline, chunking and company.
#include "graph/build/running_graph.hpp"
#include "graph/load.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <thread>

using namespace sluice::graph;
namespace json = boost::json;
namespace http = sluice::transport::http;

namespace {

constexpr std::chrono::seconds patience{60};

std::string graph_text(const std::string& settings) {
  const bool drafts = settings.find("small") != std::string::npos;
  return std::string{R"(graph: chat
models:
  edge: {path: examples/models/edge-q8_0.gguf}
)"} + (drafts ? "  small: {path: examples/models/edge-q8_0.gguf}\n" : "")
         + R"(actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 2)"
         + settings + R"(}
  done: {kind: postprocess, model: edge}
flow:
  - door -> prep -> home -> done
  - done -> door
)";
}

std::unique_ptr<running_graph> started(const std::string& settings) {
  auto loaded = parse_graph(graph_text(settings), "chat.yaml");
  BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
  auto graph = std::make_unique<running_graph>(std::move(*loaded.value));
  BOOST_REQUIRE_MESSAGE(graph->wait_ready(patience), graph->failure());
  return graph;
}

// What the server says: the part at `field`, or its refusal. Called from
// threads of its own.
std::string ask(const running_graph& graph, const std::string& path,
                const json::object& body, const char* field) {
  const auto got =
      http::client{graph.listening()}.send("POST", path, json::serialize(body));
  if (got.status != 200)
    return "status " + std::to_string(got.status) + ": " + got.body;
  return json::serialize(json::parse(got.body).at(field));
}

// A prompt of some hundred tokens; each number another one.
std::string prompt_text(int number) {
  std::string out = "Chapter " + std::to_string(number) + ".";
  for (int i = 0; i < 12 + number; ++i)
    out += " The disk of machine " + std::to_string(i * (number + 3))
           + " is full; show its usage, largest folder first.";
  return out;
}

json::object scored(int number) {
  return {{"prompt", prompt_text(number)},
          {"max_tokens", 12},
          {"temperature", 0},
          {"ignore_eos", true},
          {"echo", true},
          {"logprobs", 2},
          {"prompt_logprobs", 3}};
}

/// Scores and embeddings of `count` prompts, all asked at once.
std::vector<std::string> readings(const std::string& settings, int count) {
  const auto graph = started(settings);
  std::vector<std::string> out(static_cast<std::size_t>(2 * count));
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < count; ++i) {
      auto* to = &out[static_cast<std::size_t>(2 * i)];
      clients.emplace_back([&graph, to, i] {
        to[0] = ask(*graph, "/v1/completions", scored(i), "choices");
      });
      clients.emplace_back([&graph, to, i] {
        to[1] = ask(*graph, "/v1/embeddings",
                    {{"input", {prompt_text(i), "short"}}}, "data");
      });
    }
  }
  for (const auto& text : out)
    BOOST_REQUIRE_MESSAGE(text.starts_with('['), text);
  const auto report = graph->stop();
  BOOST_TEST(report.clean(), report.books);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(scoring)

BOOST_AUTO_TEST_CASE(every_topology_reads_the_same) {
  const std::string lookup = ", draft: {lookup: true, tokens: 4, batch: 8}";
  const auto expected = readings(", batch: 1, step_tokens: 2000", 4);
  for (const std::string settings :
       {std::string{}, std::string{", pipeline: 2"},
        std::string{", pipeline: 4, step_tokens: 37, batch: 8"},
        std::string{", prefix_cache: false, step_tokens: 64, batch: 16"},
        std::string{", kv_memory: 1MiB, step_tokens: 48, batch: 16"}, lookup,
        std::string{", draft: {model: small, tokens: 4, batch: 8}"}})
    BOOST_TEST(readings(settings, 4) == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(asking_changes_no_token_of_the_answer) {
  const auto graph = started("");
  auto body = scored(1);
  const auto with =
      json::parse(ask(*graph, "/v1/completions", body, "choices"));
  for (const auto* field : {"echo", "logprobs", "prompt_logprobs"})
    body.erase(field);
  const auto plain =
      json::parse(ask(*graph, "/v1/completions", body, "choices"));
  BOOST_TEST(with.at(0).at("text").as_string()
             == prompt_text(1)
                    + std::string{plain.at(0).at("text").as_string()});
}

BOOST_AUTO_TEST_CASE(the_forms_of_scores_agree) {
  const auto graph = started("");
  const auto choice =
      json::parse(ask(*graph, "/v1/completions", scored(2), "choices")).at(0);
  const auto& lists = choice.at("logprobs");
  const auto& maps = choice.at("prompt_logprobs").as_array();
  const auto ids = json::parse(
      ask(*graph, "/tokenize", {{"prompt", prompt_text(2)}}, "tokens"));
  BOOST_REQUIRE(maps.size() == ids.as_array().size());
  BOOST_TEST(maps.at(0).is_null());
  BOOST_TEST(lists.at("token_logprobs").at(0).is_null());
  BOOST_TEST(lists.at("top_logprobs").at(0).is_null());
  BOOST_TEST(lists.at("tokens").as_array().size() == maps.size() + 12);
  for (std::size_t i = 1; i < maps.size(); ++i) {
    const auto key = std::to_string(ids.at(i).as_int64());
    const auto& own = maps[i].at(key);
    BOOST_TEST(own.at("logprob").to_number<double>()
               == lists.at("token_logprobs").at(i).to_number<double>());
    BOOST_TEST(own.at("rank").as_int64() >= 1);
    // The text from an offset on begins with the token.
    const std::string text{choice.at("text").as_string()};
    const auto at = lists.at("text_offset").at(i).as_int64();
    const std::string token{lists.at("tokens").at(i).as_string()};
    BOOST_TEST(text.compare(static_cast<std::size_t>(at), token.size(), token)
               == 0);
  }
}

// What a harness computes from scores is what an answer's own tokens had.
BOOST_AUTO_TEST_CASE(an_answer_scored_as_a_prompt_has_its_own_logprobs) {
  const auto graph = started("");
  const json::object body{{"prompt", json::array{5, 17, 42, 99, 7}},
                          {"max_tokens", 20},
                          {"temperature", 0},
                          {"ignore_eos", true},
                          {"logprobs", 1},
                          {"echo", true}};
  const auto said =
      json::parse(ask(*graph, "/v1/completions", body, "choices"));
  const std::string text{said.at(0).at("text").as_string()};
  const auto ids = json::parse(
      ask(*graph, "/tokenize",
          {{"prompt", text}, {"add_special_tokens", false}}, "tokens"));
  auto again = body;
  again["prompt"] = ids;
  again["max_tokens"] = 0;
  const auto scores =
      json::parse(ask(*graph, "/v1/completions", again, "choices"));
  const auto& list = scores.at(0).at("logprobs").at("token_logprobs");
  BOOST_TEST(list.as_array().size() == ids.as_array().size());
  BOOST_TEST(scores.at(0).at("finish_reason").as_string() == "length");
  if (said.at(0).at("logprobs").at("tokens")
      == scores.at(0).at("logprobs").at("tokens"))
    BOOST_TEST(said.at(0).at("logprobs") == scores.at(0).at("logprobs"));
}

BOOST_AUTO_TEST_CASE(a_prompt_that_is_only_read_may_fill_the_context) {
  const auto graph = started(", context: 64");
  json::object body{{"input", json::array(64, 5)}};
  BOOST_TEST(ask(*graph, "/v1/embeddings", body, "data").starts_with('['));
  body["input"] = json::array(65, 5);
  BOOST_TEST(ask(*graph, "/v1/embeddings", body, "data")
                 .find("the prompt has 65 tokens; the context holds 64")
             != std::string::npos);
  json::object scores{{"prompt", json::array(64, 5)},
                      {"echo", true},
                      {"logprobs", 0},
                      {"max_tokens", 0}};
  BOOST_TEST(
      ask(*graph, "/v1/completions", scores, "choices").starts_with('['));
  scores["max_tokens"] = 1;
  BOOST_TEST(ask(*graph, "/v1/completions", scores, "choices")
                 .starts_with("status 400"));
}

BOOST_AUTO_TEST_CASE(pooling_is_the_graphs_choice) {
  const json::object body{{"input", prompt_text(0)}};
  const auto vector = [&](const std::string& settings) {
    return ask(*started(settings), "/v1/embeddings", body, "data");
  };
  const auto unsaid = vector("");
  BOOST_TEST(vector(", embedding: {pooling: mean}") == unsaid);
  BOOST_TEST(vector(", embedding: {pooling: last}") != unsaid);
  BOOST_TEST(vector(", embedding: {pooling: none}")
                 .find("model 'edge' makes no embeddings")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_last_state_uses_the_cache) {
  const auto graph = started(", embedding: {pooling: last}");
  const json::object body{{"input", prompt_text(3)}};
  const auto first = ask(*graph, "/v1/embeddings", body, "data");
  BOOST_TEST(ask(*graph, "/v1/embeddings", body, "data") == first);
  const auto page = http::client{graph->listening()}.send("GET", "/metrics");
  BOOST_TEST(
      page.body.find("vllm:prefix_cache_hits_total{model_name=\"edge\"} 0")
      == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
