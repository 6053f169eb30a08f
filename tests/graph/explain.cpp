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
