// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How stages share layers, against every split there is.
#include "graph/place/layer_split.hpp"

#include "tests/graph/place_world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace sluice::graph;

namespace {

/// Calls `use` with every way to cut `layers` into `stages`.
template <class Use>
void every_split(std::uint32_t layers, std::size_t stages, layer_ranges& made,
                 const Use& use) {
  const auto begin = made.empty() ? 0 : made.back().last;
  if (made.size() + 1 == stages) {
    made.push_back({begin, layers});
    use(made);
    made.pop_back();
    return;
  }
  for (auto end = begin + 1; end < layers; ++end) {
    made.push_back({begin, end});
    every_split(layers, stages, made, use);
    made.pop_back();
  }
}

split_request stages_of(const range_table& table,
                        const std::vector<double>& speeds) {
  split_request out{&table, {}};
  for (std::size_t i = 0; i < speeds.size(); ++i)
    out.stages.push_back({speeds[i], 0, {{i, 1}}});
  return out;
}

std::vector<std::uint32_t> sizes(const layer_ranges& ranges) {
  std::vector<std::uint32_t> out;
  for (const auto& one : ranges)
    out.push_back(one.last - one.first);
  return out;
}

using counts = std::vector<std::uint32_t>;

} // namespace

BOOST_AUTO_TEST_SUITE(layer_split)

BOOST_AUTO_TEST_CASE(three_unlike_nodes_share_eight_layers_as_they_can) {
  auto shape = toy_shape(8);
  shape.output = 0;
  const range_table table(shape, 1, 1);
  std::vector<std::uint64_t> pools(3, unlimited);
  const auto made = split(stages_of(table, {1, 2, 5}), pools);
  BOOST_REQUIRE(made);
  BOOST_TEST(sizes(*made) == (counts{1, 2, 5}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(memory_goes_before_speed) {
  auto shape = toy_shape(8);
  shape.output = 0;
  const range_table table(shape, 1, 1);
  // The fast one holds three layers of 110 bytes.
  std::vector<std::uint64_t> pools{unlimited, unlimited, 340};
  const auto made = split(stages_of(table, {1, 2, 5}), pools);
  BOOST_REQUIRE(made);
  BOOST_TEST(sizes(*made) == (counts{1, 4, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(pools[2] == 10u);
}

BOOST_AUTO_TEST_CASE(equal_stages_differ_by_one_layer_at_most) {
  auto shape = toy_shape(11);
  shape.output = 0;
  const range_table table(shape, 1, 1);
  std::vector<std::uint64_t> pools(4, unlimited);
  const auto made = sizes(*split(stages_of(table, {1, 1, 1, 1}), pools));
  BOOST_TEST(*std::ranges::max_element(made) - *std::ranges::min_element(made)
             == 1u);
}

BOOST_AUTO_TEST_CASE(layers_that_do_not_fit_are_refused) {
  const range_table table(toy_shape(4), 1, 1);
  std::vector<std::uint64_t> pools{250, 250};
  const auto before = pools;
  BOOST_TEST(!split(stages_of(table, {1, 1}), pools).has_value());
  BOOST_TEST(pools == before, boost::test_tools::per_element());
  std::vector<std::uint64_t> many(5, unlimited);
  BOOST_TEST(!split(stages_of(table, {1, 1, 1, 1, 1}), many).has_value());
}

BOOST_AUTO_TEST_CASE(stages_of_one_node_share_its_memory) {
  const range_table table(toy_shape(4), 1, 1);
  split_request both{&table, {{1, 0, {{0, 1}}}, {1, 0, {{0, 1}}}}};
  std::vector<std::uint64_t> enough{540}, short_by_one{539};
  BOOST_TEST(split(both, enough).has_value());
  BOOST_TEST(enough[0] == 0u);
  BOOST_TEST(!split(both, short_by_one).has_value());
}

BOOST_AUTO_TEST_CASE(a_replica_leaves_room_for_the_next) {
  auto shape = toy_shape(4);
  shape.embedding = shape.output = 0;
  const range_table table(shape, 1, 1);
  // Alone the first would take two layers of the shared pool.
  const std::vector<split_request> two{
      {&table, {{1, 0, {{0, 1}}}, {1, 0, {{1, 1}}}}},
      {&table, {{1, 0, {{0, 1}}}, {1, 0, {{2, 1}}}}}};
  std::vector<std::uint64_t> pools{440, 330, 110};
  const auto made = split_all(two, pools);
  BOOST_REQUIRE(made);
  BOOST_TEST(sizes((*made)[0]) == (counts{1, 3}),
             boost::test_tools::per_element());
  BOOST_TEST(sizes((*made)[1]) == (counts{3, 1}),
             boost::test_tools::per_element());
}

// Random models, speeds and memories: the bottleneck is the least there is, and
// a split is found if and only if there is one.
BOOST_AUTO_TEST_CASE(no_split_has_a_smaller_bottleneck) {
  std::mt19937 random(7);
  auto up_to = [&](std::uint32_t most) { return random() % most + 1; };
  std::size_t found = 0, none = 0;
  for (int round = 0; round < 400; ++round) {
    auto shape = toy_shape(up_to(8));
    for (auto& layer : shape.layers)
      layer.dense = 50 + up_to(100);
    shape.tied = up_to(2) == 1;
    const range_table table(shape, up_to(2), 1);
    const auto stages = up_to(4);
    split_request request{&table, {}};
    std::vector<std::uint64_t> pools;
    for (std::uint32_t i = 0; i < stages; ++i) {
      pools.push_back(up_to(3) == 1 ? unlimited : 80 + up_to(500));
      // Some stages share a pool with an earlier one.
      request.stages.push_back(
          {static_cast<double>(up_to(5)), 0, {{up_to(i + 1) - 1, 1}}});
    }
    auto best = std::numeric_limits<double>::infinity();
    layer_ranges made;
    if (stages <= shape.layers.size())
      every_split(table.layers(), stages, made, [&](const layer_ranges& one) {
        auto left = pools;
        if (hold(request, one, left))
          best = std::min(best, bottleneck(request, one));
      });
    const auto answer = split(request, pools);
    BOOST_REQUIRE(answer.has_value() == (best < 1e300));
    if (answer)
      BOOST_TEST(bottleneck(request, *answer) == best);
    ++(answer ? found : none);
  }
  BOOST_TEST(found > 50u);
  BOOST_TEST(none > 50u);
}

BOOST_AUTO_TEST_SUITE_END()
