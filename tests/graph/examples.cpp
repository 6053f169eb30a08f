// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The example files are right.
#include "graph/default_graph.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

BOOST_AUTO_TEST_SUITE(examples)

BOOST_AUTO_TEST_CASE(every_example_graph_is_right) {
  for (auto file :
       {"examples/chat.yaml", "examples/router.yaml", "examples/pipeline.yaml",
        "examples/cached.yaml", "examples/edge-drafts-cloud.yaml"}) {
    auto result = load_graph(file);
    BOOST_TEST(to_string(result.mistakes) == "");
    BOOST_TEST(result.value.has_value());
  }
}

BOOST_AUTO_TEST_CASE(burst_places_the_router) {
  auto graph = load_graph("examples/router.yaml");
  BOOST_REQUIRE(graph);
  auto placement = load_placement("examples/burst.yaml", *graph.value);
  BOOST_TEST(to_string(placement.mistakes) == "");
}

// Two model actors on one model file, load rules, a burst into a public cloud.
BOOST_AUTO_TEST_CASE(private_rack_bursts_into_a_public_cloud) {
  constexpr auto chat = R"(
graph: chat
models:
  large: {path: models/cloud-q8_0.gguf}
actors:
  door:   {kind: gateway, listen: ":8080"}
  prep:   {kind: preprocess, model: large,
           label: [{as: sensitive, find: pii}]}
  pick:   {kind: router, rules: [
            {when: {label: sensitive}, to: home},
            {when: {load_of: home, above: 0.8}, to: away},
            {to: home}]}
  home:   {kind: model, model: large}
  away:   {kind: model, model: large}
  done:   {kind: postprocess, model: large}
flow:
  - door -> prep -> pick
  - pick.home -> home -> done
  - pick.away -> away -> done
  - done -> door                              # back edge
)";
  constexpr auto burst = R"(
placement: burst
zones: {edge: {trust: private}, rack: {trust: private},
        cloud: {trust: public, price: 2.1/h}}
place:
  - {actor: [door, prep, pick, done], zone: edge}
  - {actor: home, zone: rack, pipeline: 2}
  - {actor: away, zone: cloud, replicas: 0..8}
keep:
  - {label: sensitive, inside: [edge, rack]}
)";
  auto graph = parse_graph(chat, "examples/chat.yaml");
  BOOST_TEST(to_string(graph.mistakes) == "");
  BOOST_REQUIRE(graph);
  auto placement = parse_placement(burst, "burst.yaml", *graph.value);
  BOOST_TEST(to_string(placement.mistakes) == "");
}

BOOST_AUTO_TEST_CASE(bare_model_gets_the_default_graph) {
  auto result = default_graph("examples/models/edge-q8_0.gguf", ":9000");
  BOOST_TEST(to_string(result.mistakes) == "");
  BOOST_REQUIRE(result);
  BOOST_TEST(result.value->models().front().name == "edge-q8_0");
  BOOST_TEST(result.value->edges().size() == 4u);
  auto folder = default_graph("examples/models/tinystories-656k/");
  BOOST_REQUIRE(folder);
  BOOST_TEST(folder.value->models().front().name == "tinystories-656k");
}

BOOST_AUTO_TEST_CASE(missing_bare_model_is_told_by_path) {
  auto result = default_graph("/no/such \"model\".gguf");
  BOOST_TEST(to_string(result.mistakes)
             == "model file '/no/such \"model\".gguf' does not exist\n");
}

BOOST_AUTO_TEST_SUITE_END()
