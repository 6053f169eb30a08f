// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What an explanation says of an assignment.
#include "tests/graph/place_world.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace sluice::graph;

namespace {

const std::string uneven = R"(placement: uneven
zones: {here: {}, there: {}}
nodes:
  a: {zone: here, memory: 600, speed: {read: 1GB}}
  b: {zone: here, memory: 2kB, speed: {read: 3GB}}
  c: {zone: there}
place:
  - {actor: [door, prep, done], node: a}
  - {actor: home, zone: here, pipeline: 2, spread: node}
)";

std::string explained(const world& here) {
  return to_text(explain(here.request(), *here.solved().found));
}

} // namespace

BOOST_AUTO_TEST_SUITE(explanations)

BOOST_AUTO_TEST_CASE(a_text_says_who_runs_where_and_why) {
  BOOST_TEST(explained(make_world(uneven)) == R"(chat under uneven

door on a: no other node is allowed
    not b, c: 'door' runs on node a (p.yaml:8:39)
prep on a: no other node is allowed
    not b, c: 'prep' runs on node a (p.yaml:8:39)
home.scheduler on a: the best of 2 nodes
    not b: costs 0.148 ms more: traffic +0.151, balance -0.00265
    not c: 'home' runs in zone here (p.yaml:9:25)
home.stage[0] on b, layers 0 to 6, 820 B: no other node is allowed
    not a: shared with home.stage[1] (p.yaml:9:52)
    not c: 'home' runs in zone here (p.yaml:9:25)
home.stage[1] on a, layers 7 to 7, 160 B: no other node is allowed
    not b: shared with home.stage[0] (p.yaml:9:52)
    not c: 'home' runs in zone here (p.yaml:9:25)
done on a: no other node is allowed
    not b, c: 'done' runs on node a (p.yaml:8:39)

a in here: 5 units, 160 B of 600 B
b in here: 1 unit, 820 B of 2.0 KiB
1 node is not used

Between nodes of a zone: 320 bytes per token; between zones: 0
Cost 0.1096 ms per token: bottleneck 0.000233, balance 0.00677, traffic 0.103,
    price 0, wishes 0, moves 0
)");
}

BOOST_AUTO_TEST_CASE(lines_have_eighty_columns) {
  std::istringstream text(explained(make_world(uneven)));
  for (std::string line; std::getline(text, line);)
    BOOST_TEST(line.size() <= 80u, line);
}

BOOST_AUTO_TEST_CASE(json_has_the_same_and_the_numbers) {
  const auto here = make_world(uneven);
  const auto made = boost::json::parse(
      to_json(explain(here.request(), *here.solved().found)));
  BOOST_TEST(made.at("units").as_array().size() == 6u);
  const auto& home = made.at_pointer("/units/3");
  BOOST_TEST(home.at("name").as_string() == "home.stage[0]");
  BOOST_TEST(home.at_pointer("/rejected/1/rule/line").to_number<int>() == 9);
  BOOST_TEST(made.at_pointer("/bytes_per_token/within_zones").as_double() > 0);
  BOOST_TEST(made.at_pointer("/nodes/2/units").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(this_process_is_told_as_such) {
  const auto text = explained(
      make_world("placement: p\nzones: {z: {}}\nplace: {actor: '*'}\n"));
  BOOST_TEST(text.find("No node is known: everything runs in this process")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(actors_that_may_grow_are_told) {
  const auto text = explained(
      make_world("placement: p\nzones: {z: {}}\nnodes: {n: {zone: z}}\n"
                 "place:\n  - {actor: '*'}\n"
                 "  - {actor: home, replicas: 0..8}\n"));
  BOOST_TEST(text.find("home: 0 of up to 8 copies now\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
