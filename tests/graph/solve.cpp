// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where the solver puts units, and what it says when there is no place.
#include "tests/graph/place_world.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace sluice::graph;

namespace {

/// A placement over nodes a, b, c of zone here; `place` are its rules.
std::string over(const std::string& nodes, const std::string& place,
                 const std::string& zones = "here: {}") {
  return "placement: p\nzones: {" + zones + "}\nnodes: {" + nodes
         + "}\nplace:\n" + place;
}

const std::string three = "a: {zone: here}, b: {zone: here}, c: {zone: here}";

std::string conflicts(const std::string& nodes, const std::string& place,
                      const model_shape& shape = toy_shape(8),
                      const std::string& zones = "here: {}") {
  const auto made = make_world(over(nodes, place, zones), shape).solved();
  BOOST_TEST(!made.found.has_value());
  return to_string(made.conflicts);
}

} // namespace

BOOST_AUTO_TEST_SUITE(solving)

BOOST_AUTO_TEST_CASE(units_have_names) {
  const unit shard{"home", 1, unit_role::shard, 2, 3, 1};
  BOOST_TEST(name_of(shard, {3, true, 4, 4, 2})
             == "home#1.stage[2].rank[3].expert[1]");
  BOOST_TEST(name_of(shard, {1, false, 4, 1, 1}) == "home.stage[2]");
  BOOST_TEST(name_of({"home", 0, unit_role::scheduler}, {2, true})
             == "home#0.scheduler");
  BOOST_TEST(name_of({"door"}, {}) == "door");
}

BOOST_AUTO_TEST_CASE(no_node_means_this_process) {
  const auto made = make_world("placement: p\nzones: {z: {}}\nplace:\n"
                               "  - {actor: '*', zone: z}\n"
                               "  - {actor: home, pipeline: 2, spread: node}\n")
                        .solved();
  BOOST_REQUIRE(made);
  BOOST_TEST(made.found->one_process);
  BOOST_TEST(made.found->units.size() == 6u);
  BOOST_TEST(node_of(made, "home.stage[1]") == "this process");
}

BOOST_AUTO_TEST_CASE(stages_share_all_layers_in_order) {
  const auto made =
      make_world(over(three, "  - {actor: '*'}\n"
                             "  - {actor: home, pipeline: 3, spread: node}\n"))
          .solved();
  BOOST_REQUIRE(made);
  std::uint32_t next = 0;
  std::set<std::string> nodes;
  for (int stage = 0; stage < 3; ++stage) {
    const auto& one =
        unit_called(*made.found, "home.stage[" + std::to_string(stage) + "]");
    BOOST_TEST(one.layers.first == next);
    next = one.layers.last;
    nodes.insert(one.node);
  }
  BOOST_TEST(next == 8u);
  BOOST_TEST(nodes.size() == 3u);
  BOOST_TEST(made.found->best);
}

BOOST_AUTO_TEST_CASE(faster_nodes_get_more_layers) {
  const auto made =
      make_world(over("a: {zone: here, speed: {read: 1GB}}, "
                      "b: {zone: here, speed: {read: 3GB}}",
                      "  - {actor: '*'}\n"
                      "  - {actor: home, pipeline: 2, spread: node}\n"))
          .solved();
  for (const auto& one : made.found.value().units)
    if (one.who.role == unit_role::shard)
      BOOST_TEST(one.layers.last - one.layers.first
                 == (one.node == "a" ? 2u : 6u));
}

BOOST_AUTO_TEST_CASE(light_actors_stay_together) {
  const auto made = make_world(over(three, "  - {actor: '*'}\n")).solved();
  std::set<std::string> nodes;
  for (const auto& one : made.found.value().units)
    nodes.insert(one.node);
  BOOST_TEST(nodes.size() == 1u);
  BOOST_TEST(made.found->node_bytes == 0);
}

BOOST_AUTO_TEST_CASE(each_rank_gets_a_gpu_of_its_own) {
  const auto made =
      make_world(over("a: {zone: here}, b: {zone: here, devices: [{kind: cuda, "
                      "count: 2}, {kind: cuda, memory: 100}]}",
                      "  - {actor: '*'}\n"
                      "  - {actor: home, tensor: 2, needs: {device: cuda}}\n"))
          .solved();
  BOOST_REQUIRE(made);
  const auto& first = unit_called(*made.found, "home.stage[0].rank[0]");
  const auto& second = unit_called(*made.found, "home.stage[0].rank[1]");
  BOOST_TEST(first.node == "b");
  BOOST_TEST(first.gpu.has_value());
  BOOST_TEST(*first.gpu != *second.gpu);
  BOOST_TEST(!unit_called(*made.found, "home.scheduler").gpu.has_value());
}

BOOST_AUTO_TEST_CASE(colocated_replicas_go_in_pairs) {
  const auto made =
      make_world(over(three, "  - {actor: door}\n"
                             "  - {actor: done, replicas: 2, spread: node}\n"
                             "  - {actor: prep, replicas: 2, colocate: done}\n"
                             "  - {actor: home, node: c}\n"))
          .solved();
  BOOST_REQUIRE(made);
  BOOST_TEST(node_of(made, "prep#0") == node_of(made, "done#0"));
  BOOST_TEST(node_of(made, "prep#1") == node_of(made, "done#1"));
  BOOST_TEST(node_of(made, "prep#0") != node_of(made, "prep#1"));
}

BOOST_AUTO_TEST_CASE(wishes_come_before_price_and_traffic) {
  const std::string nodes = "a: {zone: dear}, b: {zone: cheap}";
  const std::string zones = "dear: {price: 9/h}, cheap: {}";
  auto at = [&](const std::string& place) {
    return node_of(make_world(over(nodes, place, zones)).solved(),
                   "home.stage[0]");
  };
  BOOST_TEST(at("  - {actor: '*'}\n") == "b");
  BOOST_TEST(at("  - {actor: '*', zone: [dear, cheap]}\n") == "a");
  BOOST_TEST(at("  - {actor: '*'}\n  - {actor: home, prefer: {node: a}}\n")
             == "a");
  BOOST_TEST(at("  - {actor: '*', never: {zone: cheap}}\n") == "a");
}

BOOST_AUTO_TEST_CASE(parts_have_their_own_nodes) {
  const auto made =
      make_world(over(three, "  - {actor: '*', node: a}\n"
                             "  - {actor: home, pipeline: 2}\n"
                             "  - {actor: 'home.stage[1]', node: c}\n"))
          .solved();
  BOOST_TEST(node_of(made, "home.stage[0]") == "a");
  BOOST_TEST(node_of(made, "home.stage[1]") == "c");
  BOOST_TEST(node_of(made, "home.scheduler") == "a");
}

BOOST_AUTO_TEST_CASE(prompts_are_read_where_arithmetic_is_fast) {
  const auto made =
      make_world(over("a: {zone: here, speed: {ops: 1e9, read: 50GB}}, "
                      "b: {zone: here, speed: {ops: 9e12, read: 50GB}}",
                      "  - {actor: '*', node: a}\n"
                      "  - {actor: home, replicas: 2, prefill: 1, spread: node,"
                      " node: [a, b]}\n"))
          .solved();
  BOOST_REQUIRE(made);
  BOOST_TEST(node_of(made, "home#0.stage[0]") == "b");
  BOOST_TEST((unit_called(*made.found, "home#0.stage[0]").phase
              == work_phase::prefill));
  BOOST_TEST((unit_called(*made.found, "home#1.stage[0]").phase
              == work_phase::decode));
}

BOOST_AUTO_TEST_CASE(phases_are_selected_by_name) {
  const auto made =
      make_world(over(three, "  - {actor: '*', node: a}\n"
                             "  - {actor: home, replicas: 3, prefill: 2}\n"
                             "  - {actor: home.prefill, node: b}\n"
                             "  - {actor: home.decode, node: c}\n"))
          .solved();
  BOOST_TEST(node_of(made, "home#1.stage[0]") == "b");
  BOOST_TEST(node_of(made, "home#2.stage[0]") == "c");
}

// -- the previous assignment --------------------------------------------------

BOOST_AUTO_TEST_CASE(only_the_units_of_a_lost_node_move) {
  auto here =
      make_world(over(three + ", d: {zone: here}",
                      "  - {actor: '*'}\n"
                      "  - {actor: home, pipeline: 3, spread: node}\n"));
  const auto before = here.solved();
  BOOST_REQUIRE(before);
  const auto lost = node_of(before, "home.stage[1]");
  here.nodes.remove(lost);
  const auto after = here.solved(&*before.found);
  BOOST_REQUIRE(after);
  for (const auto& one : before.found->units)
    if (one.node != lost)
      BOOST_TEST(node_of(after, one.name) == one.node);
}

BOOST_AUTO_TEST_CASE(a_new_node_alone_moves_nothing) {
  auto here = make_world(over("a: {zone: here}", "  - {actor: '*'}\n"));
  const auto before = here.solved();
  inventory_node other;
  other.has.name = "b";
  other.has.zone = "here";
  here.nodes.put(other);
  const auto after = here.solved(&*before.found);
  for (const auto& one : after.found.value().units)
    BOOST_TEST(one.node == "a");
}

BOOST_AUTO_TEST_CASE(a_slightly_better_split_moves_no_layers) {
  auto here = make_world(over("a: {zone: here, speed: {read: 10GB}}, "
                              "b: {zone: here, speed: {read: 10GB}}",
                              "  - {actor: '*'}\n"
                              "  - {actor: home, pipeline: 2, spread: node}\n"),
                         toy_shape(40));
  const auto before = here.solved();
  auto faster = here.nodes.nodes()[1];
  faster.has.speed.read = 10'600'000'000;
  here.nodes.put(faster);
  const auto after = here.solved(&*before.found);
  BOOST_TEST(unit_called(*after.found, "home.stage[0]").layers.last
             == unit_called(*before.found, "home.stage[0]").layers.last);
  faster.has.speed.read = 40'000'000'000;
  here.nodes.put(faster);
  const auto much = here.solved(&*before.found);
  BOOST_TEST(unit_called(*much.found, "home.stage[0]").layers.last
             != unit_called(*before.found, "home.stage[0]").layers.last);
}

BOOST_AUTO_TEST_CASE(wanted_replicas_go_before_the_least) {
  auto here = make_world(over(three, "  - {actor: '*'}\n"
                                     "  - {actor: home, replicas: 0..3}\n"));
  auto request = here.request();
  BOOST_TEST(solve(request).found.value().units.size() == 3u);
  request.replicas["home"] = 2;
  BOOST_TEST(solve(request).found.value().units.size() == 7u);
}

// -- no placement
// ---------------------------------------------------------------

BOOST_AUTO_TEST_CASE(lack_of_memory_is_told_by_node) {
  BOOST_TEST(
      conflicts("a: {zone: here, memory: 900}, b: {zone: here, memory: 950}",
                "  - {actor: '*'}\n")
      == "g.yaml:7:3: cannot be met: 'home' needs memory for its weights, keys "
         "and values (980 B for all layers)\n"
         "these nodes cannot meet it; without this rule there is a placement\n"
         "node 'a': 900 B free, 980 B needed by home.stage[0]\n"
         "node 'b': 950 B free, 980 B needed by home.stage[0]\n");
}

BOOST_AUTO_TEST_CASE(rules_that_conflict_are_named_and_no_other) {
  const auto text =
      conflicts("a: {zone: here, labels: fast}, b: {zone: there}",
                "  - {actor: [door, prep, done]}\n"
                "  - {actor: home, zone: there, label: fast, replicas: 1..2,\n"
                "     spread: node}\n",
                toy_shape(8), "here: {}, there: {}");
  BOOST_TEST(text
             == "p.yaml:6:25: cannot be met: 'home' runs in zone there\n"
                "p.yaml:6:39: cannot be met: 'home' runs on nodes with label "
                "fast\n"
                "these 2 rules cannot all be met; without any one of them "
                "there is a placement\n"
                "node 'a': 'home' runs in zone there\n"
                "node 'b': 'home' runs on nodes with label fast\n");
}

BOOST_AUTO_TEST_CASE(conflicts_that_are_independent_are_all_named) {
  const auto text = conflicts("a: {zone: here, cores: 2}",
                              "  - {actor: [door, done]}\n"
                              "  - {actor: prep, needs: {cores: 3}}\n"
                              "  - {actor: home, label: fast}\n");
  BOOST_TEST(text.find("p.yaml:6:34: cannot be met: 'prep' needs 3 cores free")
                 != std::string::npos,
             text);
  BOOST_TEST(text.find("p.yaml:7:26: cannot be met: 'home' runs on nodes with "
                       "label fast")
                 != std::string::npos,
             text);
  BOOST_TEST(text.find("and other rules conflict too") != std::string::npos,
             text);
}

BOOST_AUTO_TEST_CASE(spread_over_too_few_nodes_is_told) {
  const auto text = conflicts("a: {zone: here}, b: {zone: here}",
                              "  - {actor: '*'}\n"
                              "  - {actor: home, replicas: 3, spread: node}\n");
  BOOST_TEST(text.find("p.yaml:6:40: cannot be met: parts and replicas of "
                       "'home' share no node")
                 == 0,
             text);
  BOOST_TEST(text.find("shared with home#") != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(layers_that_fit_no_split_are_told) {
  const auto text =
      conflicts("a: {zone: here, memory: 500}, b: {zone: here, memory: 400}",
                "  - {actor: '*'}\n"
                "  - {actor: home, pipeline: 2, spread: node}\n");
  BOOST_TEST(text.find("needs memory for its weights") != std::string::npos,
             text);
  BOOST_TEST(text.find("node 'a': 500 B free, too little for its part of the 8 "
                       "layers (980 B) of home")
                 != std::string::npos,
             text);
}

BOOST_AUTO_TEST_CASE(degrees_that_do_not_divide_are_hopeless) {
  auto degree = [](const std::string& text, std::uint32_t experts) {
    auto shape = toy_shape(3, experts);
    shape.heads = 6;
    const auto made = make_world(over(three, "  - {actor: '*'}\n"
                                             "  - {actor: home, "
                                                 + text + "}\n"),
                                 shape)
                          .solved();
    BOOST_TEST(made.hopeless == !made.conflicts.empty());
    return to_string(made.conflicts);
  };
  BOOST_TEST(degree("tensor: 4", 0)
             == "p.yaml:6:27: 'home': tensor 4 does not divide the model's 6 "
                "heads\n");
  BOOST_TEST(degree("pipeline: 4", 0)
             == "p.yaml:6:29: 'home': pipeline 4 is more than the model's 3 "
                "layers\n");
  BOOST_TEST(degree("expert: 2", 0)
             == "p.yaml:6:27: 'home': expert 2 is for models with experts\n");
  BOOST_TEST(degree("expert: 3", 4)
             == "p.yaml:6:27: 'home': expert 3 does not divide the model's 4 "
                "experts\n");
  BOOST_TEST(degree("expert: 2, tensor: 2", 4) == "");
}

BOOST_AUTO_TEST_CASE(split_replicas_keep_one_of_each_kind) {
  auto graph = parse_graph(right_graph, "g.yaml", {.check_files = false});
  auto mistakes_of = [&](const std::string& rule) {
    return to_string(parse_placement(over(three, "  - {actor: '*'}\n" + rule),
                                     "p.yaml", *graph.value)
                         .mistakes);
  };
  BOOST_TEST(mistakes_of("  - {actor: home, replicas: 1..3, prefill: 1}\n")
             == "p.yaml:6:44: 'home' needs more replicas than the 1 of "
                "'prefill', at all times; it has 1\n");
  BOOST_TEST(mistakes_of("  - {actor: home.decode, node: a}\n")
             == "p.yaml:6:13: 'home' has no replicas for decode alone: its "
                "rule says no 'prefill'\n");
  BOOST_TEST(mistakes_of("  - {actor: 'home.stage[0]', prefill: 1}\n")
             == "p.yaml:6:39: 'prefill' is for a whole actor, not for its "
                "stages or ranks\n");
}

BOOST_AUTO_TEST_CASE(overlapping_parts_decide_a_field_once) {
  auto graph = parse_graph(right_graph, "g.yaml", {.check_files = false});
  auto made =
      parse_placement(over(three, "  - {actor: '*'}\n"
                                  "  - {actor: home, pipeline: 2, tensor: 2}\n"
                                  "  - {actor: 'home.stage[0]', node: a}\n"
                                  "  - {actor: 'home.rank[1]', node: b}\n"),
                      "p.yaml", *graph.value);
  BOOST_TEST(to_string(made.mistakes)
             == "p.yaml:8:35: parts of 'home' get 'node' twice; the other is "
                "in line 7\n");
}

// A thousand unlike nodes, sixty-four units, and rules of every kind.
BOOST_AUTO_TEST_CASE(a_large_cluster_is_solved_within_the_rules) {
  std::string nodes;
  for (int i = 0; i < 1000; ++i)
    nodes += (i == 0 ? "n" : ", n") + std::to_string(i) + ": {zone: z"
             + std::to_string(i % 3)
             + ", memory: " + std::to_string(400 + i % 97)
             + ", speed: {read: " + std::to_string(1 + i % 13) + "GB}}";
  const auto made =
      make_world(over(nodes,
                      "  - {actor: '*', zone: z1}\n"
                      "  - {actor: home, pipeline: 4, replicas: 12, "
                      "spread: node}\n",
                      "z0: {}, z1: {}, z2: {}"))
          .solved();
  BOOST_REQUIRE(made);
  BOOST_TEST(made.found->units.size() == 3 + 12 * 5u);
  std::set<std::string> used;
  for (const auto& one : made.found->units) {
    const auto index = std::stoi(one.node.substr(1));
    BOOST_TEST(index % 3 == 1);
    if (one.who.role == unit_role::shard) {
      BOOST_TEST(used.insert(one.node).second);
      BOOST_TEST(one.memory <= 400u + index % 97);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
