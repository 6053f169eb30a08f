// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Placements: one wrong placement per rule, and where labels can go.
#include "tests/graph/mistakes.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

std::string place_with(const std::string& from, const std::string& to) {
  return placement_mistakes(with(right_placement, from, to));
}

validated_placement placed(const std::string& text) {
  auto graph = parse_graph(right_router, "g.yaml", {.check_files = false});
  auto result = parse_placement(text, "p.yaml", *graph.value);
  BOOST_TEST(to_string(result.mistakes) == "");
  BOOST_REQUIRE(result.value);
  return *result.value;
}

const placed_actor& actor(const validated_placement& p, std::string_view name) {
  for (const auto& a : p.actors())
    if (a.name == name)
      return a;
  throw std::runtime_error("no such actor");
}

} // namespace

BOOST_AUTO_TEST_SUITE(placement)

BOOST_AUTO_TEST_CASE(a_right_placement_says_what_was_written) {
  auto p = placed(right_placement);
  BOOST_TEST(p.zones()[2].price == 2.1);
  BOOST_TEST(actor(p, "home").pipeline == 2u);
  BOOST_TEST(actor(p, "away").replicas.min == 0u);
  BOOST_TEST(actor(p, "away").replicas.max == 8u);
  BOOST_TEST(actor(p, "away").limits.zones.front() == "cloud");
  BOOST_TEST(p.keep().front().inside.size() == 2u);
}

BOOST_AUTO_TEST_CASE(closer_rules_go_before_wider_ones) {
  auto p = placed(R"(placement: p
zones: {edge: {}, rack: {}}
place:
  - {actor: '*', zone: edge, replicas: 1..2, pipeline: 3}
  - {actor: h*, zone: rack, pipeline: 2}
  - {actor: home, tensor: 4, needs: {memory: 8GiB, device: cuda}}
)");
  BOOST_TEST(actor(p, "home").limits.zones.front() == "rack");
  BOOST_TEST(actor(p, "home").pipeline == 2u);
  BOOST_TEST(actor(p, "home").tensor == 4u);
  BOOST_TEST(actor(p, "home").replicas.max == 2u);
  BOOST_TEST(actor(p, "home").limits.memory == 8ull << 30);
  BOOST_TEST(actor(p, "away").pipeline == 3u);
  BOOST_TEST(actor(p, "door").pipeline == 1u);
}

BOOST_AUTO_TEST_CASE(parts_have_limits_of_their_own) {
  auto p = placed(R"(placement: p
zones: {edge: {}, rack: {}}
place:
  - {actor: '*', zone: edge}
  - {actor: home, pipeline: 4, tensor: 2}
  - {actor: "home.stage[0..1]", zone: rack}
  - {actor: "*.rank[1]", spread: node}
)");
  const auto& home = actor(p, "home");
  BOOST_TEST(home.parts.size() == 2u);
  // The closest selector comes last: it decides.
  BOOST_TEST(home.parts[0].who.ranks->max == 1u);
  BOOST_REQUIRE(home.parts[1].who.stages.has_value());
  BOOST_TEST(home.parts[1].who.stages->max == 1u);
  BOOST_TEST(home.parts[1].limits.zones.front() == "rack");
  BOOST_TEST(home.every_zone().size() == 2u);
}

BOOST_AUTO_TEST_CASE(never_takes_zones_away) {
  auto p = placed(with(right_placement, "{actor: home, zone: rack,",
                       "{actor: home, never: {zone: cloud},"));
  BOOST_TEST(actor(p, "home").limits.zones.size() == 2u);
}

BOOST_AUTO_TEST_CASE(unknown_names_are_told_with_the_nearest) {
  BOOST_TEST(place_with("zone: edge}", "zone: egde}")
             == "p.yaml:5:45: unknown zone 'egde' (did you mean 'edge'?)\n");
  BOOST_TEST(place_with("actor: home,", "actor: hom,")
             == "p.yaml:6:13: unknown actor 'hom' (did you mean 'home'?)\n"
                "p.yaml:4:1: 'home' has no place: add a rule for it, or one "
                "for '*'\n");
  BOOST_TEST(place_with("n1: {zone: rack", "n1: {zone: rak")
             == "p.yaml:3:20: unknown zone 'rak' (did you mean 'rack'?)\n");
  BOOST_TEST(place_with("zone: rack, pipeline", "node: n2, pipeline")
                 .find("p.yaml:6:25: unknown node 'n2' (did you mean 'n1'?)\n")
             == 0);
  BOOST_TEST(place_with("inside: [edge, rack]", "inside: [edge, rak]")
             == "p.yaml:9:39: unknown zone 'rak' (did you mean 'rack'?)\n");
  BOOST_TEST(place_with("label: sensitive", "label: sensitve")
             == "p.yaml:9:13: no rule of the graph knows the label 'sensitve' "
                "(did you mean 'sensitive'?)\n");
  BOOST_TEST(place_with("pipeline: 2", "colocate: awy")
             == "p.yaml:6:41: unknown actor 'awy' (did you mean 'away'?)\n");
}

BOOST_AUTO_TEST_CASE(actor_without_a_rule_is_told) {
  BOOST_TEST(place_with("pick, done", "pick")
             == "p.yaml:4:1: 'done' has no place: add a rule for it, or one "
                "for '*'\n");
}

BOOST_AUTO_TEST_CASE(pattern_that_means_nobody_is_told) {
  BOOST_TEST(place_with("place:\n", "place:\n  - {actor: z*, zone: edge}\n")
             == "p.yaml:5:13: no actor is meant by 'z*'\n");
}

BOOST_AUTO_TEST_CASE(broken_selectors_are_told) {
  auto selector = [](const std::string& text) {
    return place_with("place:\n", "place:\n  - {actor: '" + text
                                      + "', prefer: {zone: rack}}\n");
  };
  BOOST_TEST(selector("home.stage")
             == "p.yaml:5:13: 'home.stage' lacks the numbers of its part, as "
                "in 'stage[0..3]'\n");
  BOOST_TEST(selector("home.layer[0]")
             == "p.yaml:5:13: 'home.layer[0]' has a part 'layer'; parts are "
                "stage[...], rank[...], prefill and decode, each once\n");
  BOOST_TEST(selector("home.stage[3..1]")
             == "p.yaml:5:13: 'home.stage[3..1]' is a range that ends before "
                "it begins\n");
  BOOST_TEST(selector("home.stage[2]")
             == "p.yaml:5:13: 'home' has no stage 2; it has 2, counted from "
                "0\n");
  BOOST_TEST(selector("home.rank[1]")
             == "p.yaml:5:13: 'home' has no rank 1; it has 1, counted from "
                "0\n");
  BOOST_TEST(selector("a b").find("p.yaml:5:13: 'a b' is no actor and no "
                                  "pattern")
             == 0);
}

BOOST_AUTO_TEST_CASE(parts_are_not_split_again) {
  BOOST_TEST(place_with("place:\n", "place:\n  - {actor: 'home.stage[0]', "
                                    "tensor: 2}\n")
             == "p.yaml:5:38: 'tensor' is for a whole actor, not for its "
                "stages or ranks\n");
}

BOOST_AUTO_TEST_CASE(one_field_is_decided_by_one_rule) {
  BOOST_TEST(place_with("keep:", "  - {actor: home, zone: edge}\nkeep:")
             == "p.yaml:8:25: 'home' gets 'zone' twice; the other is in line "
                "6\n");
}

BOOST_AUTO_TEST_CASE(degrees_are_for_models_and_powers_of_two) {
  BOOST_TEST(place_with("zone: edge}", "zone: edge, pipeline: 2}")
                 .find("p.yaml:5:61: 'door' is a gateway; 'pipeline' is for "
                       "models\n")
             == 0);
  BOOST_TEST(place_with("pipeline: 2", "tensor: 3")
             == "p.yaml:6:39: field 'tensor' must be 1, 2, 4 or 8, not '3'\n");
  BOOST_TEST(place_with("pipeline: 2", "tensor: 16")
             == "p.yaml:6:39: field 'tensor' must be 1 to 8, not '16'\n");
}

BOOST_AUTO_TEST_CASE(replicas_allow_at_least_one) {
  BOOST_TEST(place_with("replicas: 0..8", "replicas: 0")
             == "p.yaml:7:42: field 'replicas' must allow at least one\n");
  BOOST_TEST(place_with("replicas: 0..8", "replicas: 8..2")
             == "p.yaml:7:42: field 'replicas' is a range that ends before it "
                "begins, not '8..2'\n");
  BOOST_TEST(place_with("replicas: 0..8", "replicas: {min: 3, max: 2}")
             == "p.yaml:7:42: field 'replicas' is a range that ends before it "
                "begins\n");
}

BOOST_AUTO_TEST_CASE(contradictions_are_told) {
  BOOST_TEST(place_with("zone: cloud,", "zone: cloud, never: {zone: cloud},")
             == "p.yaml:7:5: 'away' may run in zone 'cloud' and never in it\n"
                "p.yaml:7:5: no zone is left for 'away'\n");
  BOOST_TEST(place_with("zone: cloud,", "zone: cloud, prefer: {zone: rack},")
             == "p.yaml:7:5: 'away' prefers zone 'rack', where it may not "
                "run\n");
  BOOST_TEST(place_with("zone: cloud,", "zone: [cloud, edge], node: n1,")
                 .find("p.yaml:7:5: node 'n1' stands in zone 'rack', where "
                       "'away' may not run\n")
             != std::string::npos);
  BOOST_TEST(place_with("pipeline: 2", "colocate: away")
             == "p.yaml:4:1: 'home' and 'away' cannot share a node: no zone is "
                "open to both\n");
}

BOOST_AUTO_TEST_CASE(listed_nodes_have_what_is_needed) {
  BOOST_TEST(place_with("pipeline: 2", "node: n1, label: fast") == "");
  for (auto needs : {"label: slow", "needs: {cores: 9}",
                     "needs: {memory: 64GiB}", "needs: {device: cuda}"})
    BOOST_TEST(place_with("pipeline: 2", std::string("node: n1, ") + needs)
               == "p.yaml:6:5: no listed node has what 'home' needs (labels, "
                  "memory, device, cores)\n");
}

BOOST_AUTO_TEST_CASE(kept_label_cannot_reach_a_forbidden_zone) {
  BOOST_TEST(place_with("{actor: home, zone: rack", "{actor: home, zone: "
                                                    "[rack, cloud]")
             == "p.yaml:9:5: label 'sensitive' could reach 'home' in zone "
                "'cloud', outside [edge, rack]: door -> prep -> pick.home -> "
                "home\n");
}

BOOST_AUTO_TEST_CASE(failover_without_a_zone_means_every_zone) {
  BOOST_TEST(place_with("{actor: home, zone: rack,", "{actor: home,")
                 .find("could reach 'home' in zone 'cloud'")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(stages_count_for_kept_labels_too) {
  BOOST_TEST(place_with("keep:", "  - {actor: 'home.stage[1]', zone: "
                                 "cloud}\nkeep:")
                 .find("could reach 'home' in zone 'cloud'")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(load_rule_before_the_label_rule_lets_it_out) {
  auto graph = with(right_router,
                    "      - {when: {label: sensitive}, to: home}\n"
                    "      - {when: {load_of: home, above: 0.8}, to: away}\n",
                    "      - {when: {load_of: home, above: 0.8}, to: away}\n"
                    "      - {when: {label: sensitive}, to: home}\n");
  BOOST_TEST(placement_mistakes(right_placement, graph)
             == "p.yaml:9:5: label 'sensitive' could reach 'away' in zone "
                "'cloud', outside [edge, rack]: door -> prep -> pick.away -> "
                "away\n");
}

BOOST_AUTO_TEST_CASE(label_with_a_load_condition_may_not_match) {
  auto graph = with(right_router, "{label: sensitive}, to: home",
                    "{label: sensitive, load_of: home, below: 2}, to: home");
  BOOST_TEST(placement_mistakes(right_placement, graph)
                 .find("could reach 'away' in zone 'cloud'")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_label_does_not_stop_the_flow) {
  auto graph = with(right_router, "{label: sensitive}, to: home",
                    "{label: internal}, to: home");
  BOOST_TEST(placement_mistakes(right_placement, graph)
                 .find("could reach 'away' in zone 'cloud'")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unlabelled_text_counts_from_the_door_on) {
  BOOST_TEST(place_with("[door, prep, pick, done], zone: edge",
                        "[door, prep, pick, done], zone: cloud")
                 .find("could reach 'door' in zone 'cloud', outside [edge, "
                       "rack]: door\n")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(label_is_kept_once) {
  BOOST_TEST(placement_mistakes(right_placement
                                + "  - {label: sensitive, inside: edge}\n")
             == "p.yaml:10:13: label 'sensitive' has a rule already, in line "
                "9\n");
}

BOOST_AUTO_TEST_SUITE_END()
