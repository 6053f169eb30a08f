// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A response cache in a whole graph, over HTTP.
#include "graph/build/running_graph.hpp"
#include "graph/load.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::graph;
namespace json = boost::json;
namespace http = sluice::transport::http;

namespace {

constexpr std::chrono::seconds patience{60};

const std::string cached_graph = R"(graph: cached
models:
  edge: {path: examples/models/edge-q8_0.gguf}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  memo: {kind: cache, ttl: 10m, size: 4MiB}
  prep: {kind: preprocess, model: edge}
  home: {kind: model, model: edge, threads: 2}
  done: {kind: postprocess, model: edge}
flow:
  - door -> memo -> prep -> home -> done
  - done -> memo -> door
)";

struct server {
  server() : graph{load()} {
    BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  }
  ~server() {
    const auto report = graph.stop();
    BOOST_TEST(report.clean(), report.books);
  }

  static validated_graph load() {
    auto loaded = parse_graph(cached_graph, "cached.yaml");
    BOOST_REQUIRE_MESSAGE(loaded, to_string(loaded.mistakes));
    return std::move(*loaded.value);
  }

  json::object ask(json::object body) const {
    const auto got = http::client{graph.listening()}.send(
        "POST", "/v1/completions", json::serialize(body));
    BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
    return json::parse(got.body).as_object();
  }

  /// The events of a stream, ids and times taken out.
  std::vector<std::string> stream(json::object body) const {
    body["stream"] = true;
    body["stream_options"] = {{"include_usage", true}};
    std::vector<std::string> out;
    http::client{graph.listening()}.events(
        "POST", "/v1/completions", json::serialize(body),
        [&](std::string_view data) {
          if (data != "[DONE]") {
            auto event = json::parse(data).as_object();
            event.erase("id");
            event.erase("created");
            out.push_back(json::serialize(event));
          }
          return true;
        });
    return out;
  }

  double figure(const std::string& name) const {
    const auto page =
        http::client{graph.listening()}.send("GET", "/metrics").body;
    const auto line = name + "{cache=\"memo\"} ";
    const auto at = page.find(line);
    BOOST_REQUIRE_MESSAGE(at != std::string::npos, name);
    return std::stod(page.substr(at + line.size()));
  }

  running_graph graph;
};

json::object greedy(const std::string& prompt) {
  return {{"prompt", prompt},
          {"max_tokens", 24},
          {"temperature", 0},
          {"logprobs", 2}};
}

std::int64_t cached_tokens(const json::object& answer) {
  return json::value(answer)
      .at_pointer("/usage/prompt_tokens_details/cached_tokens")
      .as_int64();
}

} // namespace

BOOST_AUTO_TEST_SUITE(cached_flow)

BOOST_AUTO_TEST_CASE(second_answer_is_the_first_from_memory) {
  server s;
  const auto first = s.ask(greedy("The history of"));
  const auto second = s.ask(greedy("The history of"));
  BOOST_TEST(json::serialize(first.at("choices"))
             == json::serialize(second.at("choices")));
  BOOST_TEST(cached_tokens(second)
             == second.at("usage").at("prompt_tokens").as_int64());
  BOOST_TEST(s.figure("sluice_cache_hits_total") == 1.0);
  BOOST_TEST(s.figure("sluice_cache_misses_total") == 1.0);
  BOOST_TEST(s.figure("sluice_cache_entries") == 1.0);
  // Streamed it comes in the pieces in which it was made.
  const auto live = s.stream(greedy("A stream of"));
  auto again = s.stream(greedy("A stream of"));
  BOOST_REQUIRE(live.size() > 4u);
  BOOST_REQUIRE(again.size() == live.size());
  BOOST_TEST(again.back() != live.back()); // usage: cached
  again.back() = live.back();
  BOOST_TEST(again == live, boost::test_tools::per_element());
  BOOST_TEST(s.figure("sluice_cache_hits_total") == 2.0);
}

BOOST_AUTO_TEST_CASE(seeds_tenants_and_choices_do_not_meet) {
  server s;
  auto sampled = greedy("Once upon");
  sampled["temperature"] = 1;
  s.ask(sampled);
  s.ask(sampled);
  BOOST_TEST(s.figure("sluice_cache_bypassed_total") == 2.0);
  sampled["seed"] = 5;
  sampled["n"] = 3;
  const auto first = s.ask(sampled);
  BOOST_TEST(s.figure("sluice_cache_entries") == 3.0);
  BOOST_TEST(json::serialize(s.ask(sampled).at("choices"))
             == json::serialize(first.at("choices")));
  BOOST_TEST(s.figure("sluice_cache_hits_total") == 3.0);
  sampled["user"] = "somebody else";
  BOOST_TEST(cached_tokens(s.ask(sampled)) == 0);
  BOOST_TEST(s.figure("sluice_cache_hits_total") == 3.0);
}

BOOST_AUTO_TEST_SUITE_END()
