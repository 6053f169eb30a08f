// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Cluster files: what is read, one wrong file per rule, and the inventory.
#include "graph/place/inventory.hpp"
#include "tests/graph/mistakes.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

const std::string right_cluster = R"(cluster: rack
join: "10.0.0.1:7700"
nodes:
  hub: {zone: here, address: "10.0.0.1:7701", cores: 16, memory: 64GiB}
  left: {zone: here, labels: fast, speed: {ops: 9e12, read: 200GB},
         reserve: 2GiB, memory: 8GiB, devices: {kind: cuda, count: 2, memory: 80GiB}}
)";

std::string mistakes_of(const std::string& from, const std::string& to) {
  auto result = parse_cluster(with(right_cluster, from, to), "site/c.yaml");
  BOOST_TEST(result.value.has_value() == result.mistakes.empty());
  return to_string(result.mistakes);
}

inventory_node node(const std::string& name, double ops, std::uint64_t read,
                    std::uint32_t cores = 0) {
  inventory_node out;
  out.has.name = name;
  out.has.speed = {ops, read};
  out.has.cores = cores;
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster)

BOOST_AUTO_TEST_CASE(a_right_cluster_says_what_was_written) {
  const auto made = parse_cluster(right_cluster, "site/c.yaml");
  BOOST_TEST(to_string(made.mistakes) == "");
  BOOST_REQUIRE(made);
  BOOST_TEST(made.value->name() == "rack");
  BOOST_TEST(made.value->join() == "10.0.0.1:7700");
  BOOST_TEST(made.value->heartbeat().count() == 500);
  BOOST_TEST(made.value->suspect().count() == 2000);
  BOOST_TEST(made.value->dead().count() == 5000);
  BOOST_TEST(made.value->certificates().string() == "site/certificates");
  BOOST_REQUIRE(made.value->nodes().size() == 2u);
  const auto& left = made.value->nodes()[1];
  BOOST_TEST(left.speed.ops == 9e12);
  BOOST_TEST(left.speed.read == 200'000'000'000u);
  BOOST_TEST(left.reserve == 2ull << 30);
}

BOOST_AUTO_TEST_CASE(the_bundled_cluster_file_is_right) {
  BOOST_TEST(to_string(load_cluster("examples/nodes.yaml").mistakes) == "");
  BOOST_TEST(to_string(load_cluster("no/such.yaml").mistakes)
             == "no/such.yaml: cannot be opened: No such file or directory\n");
}

BOOST_AUTO_TEST_CASE(mistakes_have_their_place) {
  BOOST_TEST(mistakes_of("join:", "jion:")
             == "site/c.yaml:2:1: unknown field 'jion' (did you mean "
                "'join'?)\n");
  BOOST_TEST(mistakes_of("cluster: rack", "cluster: 7up")
             == "site/c.yaml:1:10: cluster '7up' is no name: a letter, then "
                "letters, digits, '_' and '-', at most 63\n");
  BOOST_TEST(mistakes_of("zone: here, address", "address")
             == "site/c.yaml:4:8: 'hub' lacks the field 'zone'\n");
  BOOST_TEST(mistakes_of("\"10.0.0.1:7700\"", "nowhere")
             == "site/c.yaml:2:7: field 'join' needs an address such as "
                "'10.0.0.5:7700', not 'nowhere'\n");
  BOOST_TEST(mistakes_of("\"10.0.0.1:7701\"", "ten")
                 .find("site/c.yaml:4:30: field 'address' needs an address")
             == 0);
  BOOST_TEST(mistakes_of("reserve: 2GiB", "reserve: 8GiB")
             == "site/c.yaml:6:19: 'reserve' leaves nothing of the node's "
                "memory\n");
  BOOST_TEST(mistakes_of("labels: fast", "address: \"10.0.0.1:7701\"")
             == "site/c.yaml:5:31: address '10.0.0.1:7701' is that of node "
                "'hub' already\n");
}

BOOST_AUTO_TEST_CASE(a_node_is_suspected_before_it_is_dead) {
  BOOST_TEST(mistakes_of("nodes:", "suspect: 5s\nnodes:")
             == "site/c.yaml:3:10: 'dead' must be longer than 'suspect'\n");
  BOOST_TEST(mistakes_of("nodes:", "heartbeat: 2s\nnodes:")
             == "site/c.yaml:3:12: 'suspect' must be longer than "
                "'heartbeat'\n");
  BOOST_TEST(mistakes_of("nodes:", "dead: 30\nnodes:")
                 .find("site/c.yaml:3:7: field 'dead' needs a unit")
             == 0);
}

BOOST_AUTO_TEST_CASE(cluster_nodes_stand_over_those_of_the_placement) {
  auto graph = parse_graph(right_router, "g.yaml", {.check_files = false});
  auto placement = parse_placement(right_placement, "p.yaml", *graph.value);
  auto cluster = parse_cluster(
      "cluster: c\nnodes: {n1: {zone: cloud}, n2: {zone: rack}}\n", "c.yaml");
  const auto made = inventory_of(*placement.value, &*cluster.value);
  BOOST_TEST(made.nodes().size() == 2u);
  BOOST_TEST(made.find("n1")->has.zone == "cloud");
}

BOOST_AUTO_TEST_CASE(a_node_that_rejoins_takes_its_own_place) {
  inventory nodes;
  nodes.put(node("a", 0, 1));
  nodes.put(node("b", 0, 1));
  nodes.put(node("a", 0, 9));
  BOOST_TEST(nodes.nodes().size() == 2u);
  BOOST_TEST(nodes.find("a")->has.speed.read == 9u);
  BOOST_TEST(nodes.remove("a"));
  BOOST_TEST(!nodes.remove("a"));
  BOOST_TEST(!nodes.find("a"));
}

BOOST_AUTO_TEST_CASE(free_memory_is_what_nobody_has) {
  inventory_node one;
  BOOST_TEST(!one.free_memory().has_value());
  one.has.memory = 100;
  one.has.reserve = 30;
  one.taken = 50;
  BOOST_TEST(*one.free_memory() == 20u);
  one.taken = 90;
  BOOST_TEST(*one.free_memory() == 0u);
}

BOOST_AUTO_TEST_CASE(an_unmeasured_node_counts_as_the_mean) {
  inventory nodes;
  nodes.put(node("a", 8, 10));
  nodes.put(node("b", 0, 30));
  nodes.put(node("c", 0, 0));
  using list = std::vector<double>;
  BOOST_TEST(speeds(nodes, work_phase::decode) == (list{10, 30, 20}),
             boost::test_tools::per_element());
  BOOST_TEST(speeds(nodes, work_phase::prefill) == (list{4, 4, 4}),
             boost::test_tools::per_element());
  inventory cores;
  cores.put(node("a", 0, 0, 8));
  cores.put(node("b", 0, 0, 4));
  const auto two = speeds(cores, work_phase::both);
  BOOST_TEST(two[0] == 2 * two[1]);
}

BOOST_AUTO_TEST_SUITE_END()
