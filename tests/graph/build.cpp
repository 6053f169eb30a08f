// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Running graphs: the smallest real model behind a real port.
#include "graph/build/running_graph.hpp"

#include "device/error.hpp"
#include "graph/default_graph.hpp"
#include "transport/http/client.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::graph;
namespace json = boost::json;
namespace http = sluice::transport::http;

namespace {

constexpr std::chrono::seconds patience{60};

const std::string story_text = R"(graph: story
models:
  tale: {path: examples/models/stories260k.gguf}
actors:
  door: {kind: gateway, listen: "127.0.0.1:0"}
  prep: {kind: preprocess, model: tale, label: {as: secret, words: Lily}}
  pick: {kind: router, rules: [{when: {label: secret}, to: a}, {to: b}]}
  home: {kind: model, model: tale, pipeline: 2, batch: 4, threads: 1}
  away: {kind: model, model: tale, batch: 4, threads: 1}
  done: {kind: postprocess, model: tale}
flow:
  - door -> prep -> pick
  - pick.a -> home -> done
  - pick.b -> away -> done
  - done -> door
)";

validated_graph graph_of(const std::string& text) {
  auto result = parse_graph(text, "g.yaml");
  BOOST_TEST(to_string(result.mistakes) == "");
  BOOST_REQUIRE(result);
  return *result.value;
}

/// story_text with one thing changed.
validated_graph story(const std::string& from = "",
                      const std::string& to = "") {
  auto text = story_text;
  if (!from.empty())
    text.replace(text.find(from), from.size(), to);
  return graph_of(text);
}

/// The greedy continuation that the server gives.
std::string continued(const running_graph& graph, const std::string& prompt) {
  http::client client(graph.listening());
  json::object body{{"model", "tale"},
                    {"prompt", prompt},
                    {"max_tokens", 12},
                    {"temperature", 0}};
  auto answer = client.send("POST", "/v1/completions", json::serialize(body));
  BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
  auto parsed = json::parse(answer.body);
  return std::string(parsed.at_pointer("/choices/0/text").as_string());
}

unsigned health(const running_graph& graph) {
  return http::client(graph.listening()).send("GET", "/health").status;
}

} // namespace

BOOST_AUTO_TEST_SUITE(build)

BOOST_AUTO_TEST_CASE(graph_answers_through_every_route_with_the_same_tokens) {
  running_graph graph(story());
  BOOST_TEST(graph.listening().port != 0);
  BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  BOOST_TEST(health(graph) == 200u);
  auto away = continued(graph, "Once upon a time");
  BOOST_TEST(away.find(", there was a little girl") == 0, away);
  auto home = continued(graph, "Lily was");
  BOOST_TEST(!home.empty());
  BOOST_TEST(graph.stop().clean());
  BOOST_TEST(graph.stop().given_up == 0u);
  BOOST_TEST(!graph.ready());
}

BOOST_AUTO_TEST_CASE(default_graph_serves_a_bare_model) {
  auto made = default_graph("examples/models/stories260k.gguf", "127.0.0.1:0");
  BOOST_REQUIRE(made);
  std::vector<sluice::actors::model_load> last;
  run_options options;
  options.progress = [&](const auto& loads) { last = loads; };
  running_graph graph(*made.value, options);
  BOOST_REQUIRE_MESSAGE(graph.wait_ready(patience), graph.failure());
  graph.stop();
  BOOST_REQUIRE(last.size() == 1u);
  BOOST_TEST(last[0].name == "stories260k");
  BOOST_TEST((last[0].state == sluice::actors::model_load::phase::ready));
}

BOOST_AUTO_TEST_CASE(unreadable_model_fails_in_the_background_with_its_reason) {
  running_graph graph(
      story("examples/models/stories260k.gguf",
            "tests/data/models/stories260k-gguf-v1-unsupported.gguf"));
  BOOST_TEST(!graph.wait_ready(patience));
  BOOST_TEST(graph.failure().find("version 1") != std::string::npos,
             graph.failure());
  BOOST_TEST(health(graph) == 503u);
}

BOOST_AUTO_TEST_CASE(more_stages_than_layers_name_the_actor) {
  running_graph graph(story("pipeline: 2", "pipeline: 99"));
  BOOST_TEST(!graph.wait_ready(patience));
  BOOST_TEST(graph.failure()
             == "actor 'home': pipeline: 99 does not fit a model of 5 layers");
}

BOOST_AUTO_TEST_CASE(models_of_one_graph_share_a_vocabulary) {
  auto text = story_text;
  text.replace(text.find("actors:"), 0,
               "  other: {path: examples/models/edge-q8_0.gguf}\n");
  auto at = text.find("away: {kind: model, model: tale");
  text.replace(at, 31, "away: {kind: model, model: other");
  running_graph graph(graph_of(text));
  BOOST_TEST(!graph.wait_ready(patience));
  BOOST_TEST(graph.failure()
             == "models 'other' and 'tale' have different vocabularies; models "
                "of one graph share their tokens");
}

BOOST_AUTO_TEST_CASE(port_in_use_is_refused_at_once) {
  running_graph first(story());
  run_options options;
  options.listen = to_string(first.listening());
  BOOST_CHECK_EXCEPTION(running_graph(story(), options), http::http_error,
                        [&](const http::http_error& error) {
                          return std::string(error.what()).find(*options.listen)
                                 != std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(wrong_listen_option_is_refused) {
  run_options options;
  options.listen = "nowhere";
  BOOST_CHECK_EXCEPTION(
      running_graph(story(), options), sluice::device::model_error,
      [](const auto& error) {
        return std::string(error.what())
               == "cannot listen on 'nowhere': write an address such as "
                  "'127.0.0.1:8080' or ':8080'";
      });
}

BOOST_AUTO_TEST_CASE(placement_decides_the_degrees) {
  auto graph = story();
  auto placed = parse_placement("placement: p\n"
                                "zones: {here: {}}\n"
                                "place:\n"
                                "  - {actor: '*', zone: here}\n"
                                "  - {actor: home, tensor: 2}\n",
                                "p.yaml", graph);
  BOOST_REQUIRE(placed);
  run_options options;
  options.placement = *placed.value;
  running_graph running(graph, options);
  BOOST_TEST(!running.wait_ready(patience));
  BOOST_TEST(running.failure()
             == "actor 'home': one process offers 'pipeline', but neither "
                "'tensor' nor 'expert'");
}

BOOST_AUTO_TEST_CASE(stop_while_loading_ends_the_graph) {
  for (int i = 0; i < 3; ++i) {
    running_graph graph(story());
    graph.stop();
    BOOST_TEST(!graph.ready());
  }
}

BOOST_AUTO_TEST_SUITE_END()
