// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The little notations inside scalars.
#include "graph/yaml/shorthand.hpp"
#include "graph/yaml/nearest.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::graph;

namespace {

template <class T>
bool is(const shorthand<T>& parsed, T value) {
  return std::holds_alternative<T>(parsed) && std::get<T>(parsed) == value;
}

template <class T>
std::string refusal(const shorthand<T>& parsed) {
  auto* error = std::get_if<shorthand_error>(&parsed);
  return error ? std::to_string(error->offset) + ": " + error->text : "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(shorthands)

BOOST_AUTO_TEST_CASE(sizes_are_bytes) {
  BOOST_TEST(is<std::uint64_t>(parse_bytes("4096"), 4096));
  BOOST_TEST(is<std::uint64_t>(parse_bytes("512MiB"), 512u << 20));
  BOOST_TEST(is<std::uint64_t>(parse_bytes("1.5 kB"), 1500));
  BOOST_TEST(refusal(parse_bytes("-1"))
             == "0: needs a size such as '512MiB' or '2GB'");
  BOOST_TEST(refusal(parse_bytes("99999999999TiB")) == "0: is too large");
}

BOOST_AUTO_TEST_CASE(times_are_milliseconds) {
  BOOST_TEST(is<std::uint64_t>(parse_duration("250ms"), 250));
  BOOST_TEST(is<std::uint64_t>(parse_duration("1.5h"), 5400000));
  BOOST_TEST(refusal(parse_duration("3 weeks"))
             == "1: has an unknown unit 'weeks'; it needs a time such as "
                "'250ms', '30s' or '5m'");
}

BOOST_AUTO_TEST_CASE(prices_are_per_hour) {
  BOOST_TEST(is(parse_price("2.1/h"), 2.1));
  BOOST_TEST(is(parse_price("0.5/min"), 30.0));
  BOOST_TEST(refusal(parse_price("cheap"))
             == "0: needs a price such as '2.1/h'");
}

BOOST_AUTO_TEST_CASE(ranges_include_both_ends) {
  auto parsed = std::get<count_range>(parse_range("0..8"));
  BOOST_TEST(parsed.min == 0u);
  BOOST_TEST(parsed.max == 8u);
  BOOST_TEST(std::get<count_range>(parse_range("3")).min == 3u);
  BOOST_TEST(refusal(parse_range("8..0"))
             == "0: is a range that ends before it begins");
  BOOST_TEST(refusal(parse_range("1..x"))
             == "3: needs a number or a range such as '0..8'");
  BOOST_TEST(refusal(parse_range("1..2..3"))
             == "3: needs a number or a range such as '0..8'");
}

BOOST_AUTO_TEST_CASE(flows_are_steps_with_their_places) {
  auto steps =
      std::get<std::vector<flow_step>>(parse_flow("pick.home -> home->done"));
  BOOST_TEST(steps.size() == 3u);
  BOOST_TEST(steps[0].actor == "pick");
  BOOST_TEST(steps[0].port == "home");
  BOOST_TEST(steps[1].actor == "home");
  BOOST_TEST(steps[1].offset == 13u);
  BOOST_TEST(steps[2].offset == 19u);
}

BOOST_AUTO_TEST_CASE(broken_flows_say_where) {
  BOOST_TEST(refusal(parse_flow("a"))
             == "0: a flow needs two actors, 'a -> b'");
  BOOST_TEST(refusal(parse_flow("a -> ")) == "4: an actor is missing here");
  BOOST_TEST(refusal(parse_flow("-> a")) == "0: an actor is missing here");
  BOOST_TEST(refusal(parse_flow("a b -> c")) == "1: '->' is missing after 'a'");
  BOOST_TEST(refusal(parse_flow("a. -> c"))
             == "0: 'a.' is not 'actor' or 'actor.output'");
}

BOOST_AUTO_TEST_CASE(nearest_forgives_slips_and_not_other_words) {
  std::vector<std::string> known{"listen", "threads", "model"};
  BOOST_TEST(nearest("lsiten", known) == "listen");
  BOOST_TEST(nearest("Thread", known) == "threads");
  BOOST_TEST(nearest("colour", known) == "");
  BOOST_TEST(nearest("", known) == "");
  BOOST_TEST(nearest(std::string(10000, 'x'), known) == "");
}

BOOST_AUTO_TEST_SUITE_END()
