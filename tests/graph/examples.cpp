// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The example files are right.
#include "graph/default_graph.hpp"
#include "graph/place/explanation.hpp"
#include "tests/graph/mistakes.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

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

// The placements of examples/placements, by the graph that they are for.
struct example_placement {
  const char* name;
  std::size_t shards;
  std::size_t nodes; ///< that shards stand on
};

std::string graph_for(const std::string& placement) {
  // No model with experts is bundled.
  return placement != "expert-2" ? "examples/chat.yaml"
                                 : "tests/data/graphs/experts.yaml";
}

BOOST_AUTO_TEST_CASE(every_example_placement_is_solved_over_its_nodes) {
  for (const auto& one : {example_placement{"single", 1, 1},
                          {"services", 1, 1},
                          {"pipeline-2", 2, 2},
                          {"pipeline-3-uneven", 3, 3},
                          {"tensor-2", 2, 2},
                          {"tensor-4", 4, 4},
                          {"pipeline-2-tensor-2", 4, 4},
                          {"expert-2", 2, 2},
                          {"replicas-3", 3, 3},
                          {"prefill-decode", 3, 3}}) {
    BOOST_TEST_CONTEXT(one.name) {
      const auto graph = load_graph(graph_for(one.name));
      BOOST_REQUIRE(graph);
      const auto placement = load_placement(
          "examples/placements/" + std::string(one.name) + ".yaml",
          *graph.value);
      BOOST_TEST(to_string(placement.mistakes) == "");
      BOOST_REQUIRE(placement);
      const auto shapes = shapes_of(*graph.value);
      const auto nodes = inventory_of(*placement.value);
      const place_request request{*graph.value, *placement.value, shapes,
                                  nodes};
      const auto made = solve(request);
      BOOST_TEST(to_string(made.conflicts) == "");
      BOOST_REQUIRE(made);
      std::size_t shards = 0;
      std::set<std::string> used;
      for (const auto& unit : made.found->units)
        if (unit.who.role == unit_role::shard) {
          ++shards;
          used.insert(unit.node);
          BOOST_TEST(unit.layers.first < unit.layers.last);
        }
      BOOST_TEST(shards == one.shards);
      BOOST_TEST(used.size() == one.nodes);
      for (const auto& unit : made.found->units)
        if (unit.who.actor == "door")
          BOOST_TEST(unit.node == "hub");
      BOOST_TEST(to_text(explain(request, *made.found)).find("home") != 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(uneven_stages_follow_the_speed_of_their_nodes) {
  const auto graph = load_graph("examples/chat.yaml");
  const auto placement = load_placement(
      "examples/placements/pipeline-3-uneven.yaml", *graph.value);
  const auto shapes = shapes_of(*graph.value);
  const auto nodes = inventory_of(*placement.value);
  const auto made = solve({*graph.value, *placement.value, shapes, nodes});
  std::vector<std::uint32_t> layers;
  for (const auto& unit : made.found.value().units)
    if (unit.who.role == unit_role::shard)
      layers.push_back(unit.layers.last - unit.layers.first);
  BOOST_REQUIRE(layers.size() == 3u);
  BOOST_TEST(layers[0] + layers[1] + layers[2] == 6u);
  BOOST_TEST(layers[0] <= layers[1]);
  BOOST_TEST(layers[1] <= layers[2]);
  BOOST_TEST(layers[0] < layers[2]);
}

// The bytes of a model's parts are those of its file.
BOOST_AUTO_TEST_CASE(shapes_hold_every_byte_of_the_file) {
  for (const auto* path :
       {"examples/models/edge-q8_0.gguf", "tests/data/goldens/mixtral",
        "tests/data/goldens/gemma3", "tests/data/goldens/qwen2"}) {
    const auto files = sluice::device::model_files::open(path);
    const auto shape = shape_of(files);
    std::uint64_t sum = shape.embedding + (shape.tied ? 0 : shape.output);
    for (const auto& layer : shape.layers)
      sum += layer.all();
    BOOST_TEST_CONTEXT(path) {
      BOOST_TEST(shape.layers.size() == files.config().layers);
      // All but the norm before the output.
      BOOST_TEST(sum < files.weight_bytes());
      BOOST_TEST(files.weight_bytes() - sum <= files.config().width * 4u);
    }
  }
}

BOOST_AUTO_TEST_CASE(keys_and_values_follow_the_actors_settings) {
  auto blocks = [](const std::string& settings) {
    auto text = with(right_graph, "m.gguf", "models/edge-q8_0.gguf");
    text =
        with(text, "kind: model, model: m", "kind: model, model: m" + settings);
    const auto graph = parse_graph(text, "examples/g.yaml");
    return shapes_of(*graph.value).at("home").kv_blocks;
  };
  BOOST_TEST(blocks(", batch: 1") == 1024u / 16);
  BOOST_TEST(blocks(", batch: 2") == 2 * 1024u / 16);
  BOOST_TEST(blocks(", kv_memory: 1MiB") < blocks(", kv_memory: 2MiB"));
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
