// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/stop_matcher.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice::actors;

BOOST_AUTO_TEST_SUITE(stop_matcher_)

BOOST_AUTO_TEST_CASE(without_stops_everything_passes) {
  stop_matcher m{{}};
  BOOST_TEST(m.push("hello") == "hello");
  BOOST_TEST(m.finish() == "");
}

BOOST_AUTO_TEST_CASE(a_stop_inside_a_piece_cuts_before_it) {
  stop_matcher m{{"END"}};
  BOOST_TEST(m.push("one END two") == "one ");
  BOOST_TEST(m.stopped());
  BOOST_TEST(m.push("three") == "");
  BOOST_TEST(m.finish() == "");
}

BOOST_AUTO_TEST_CASE(a_stop_across_pieces_is_held_back_and_cut) {
  stop_matcher m{{"\n\nUser:"}};
  BOOST_TEST(m.push("yes.\n") == "yes.");
  BOOST_TEST(m.push("\nUs") == "");
  BOOST_TEST(m.push("er: hi") == "");
  BOOST_TEST(m.stopped());
}

BOOST_AUTO_TEST_CASE(a_false_start_is_shown_later) {
  stop_matcher m{{"abcd"}};
  BOOST_TEST(m.push("xab") == "x");
  BOOST_TEST(m.push("cx") == "abcx");
  BOOST_TEST(!m.stopped());
}

BOOST_AUTO_TEST_CASE(a_stop_may_overlap_its_own_false_start) {
  stop_matcher m{{"aab"}};
  BOOST_TEST(m.push("aa") == "");
  BOOST_TEST(m.push("a") == "a");
  BOOST_TEST(m.push("b") == "");
  BOOST_TEST(m.stopped());
}

BOOST_AUTO_TEST_CASE(the_earliest_of_several_stops_wins) {
  stop_matcher m{{"three", "one"}};
  BOOST_TEST(m.found() == "");
  BOOST_TEST(m.push("zero one two three") == "zero ");
  BOOST_TEST(m.found() == "one");
}

BOOST_AUTO_TEST_CASE(what_is_held_comes_out_at_the_end) {
  stop_matcher m{{"stop"}};
  BOOST_TEST(m.push("don't sto") == "don't ");
  BOOST_TEST(m.finish() == "sto");
}

BOOST_AUTO_TEST_CASE(empty_stop_strings_are_ignored) {
  stop_matcher m{{""}};
  BOOST_TEST(m.push("text") == "text");
  BOOST_TEST(!m.stopped());
}

BOOST_AUTO_TEST_CASE(any_cut_of_the_text_shows_the_same) {
  std::mt19937 random{3};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (int i = 0; i < 30; ++i)
      text += static_cast<char>('a' + random() % 3);
    const std::vector<std::string> stops{"abca", "bb" + std::string{"cc"}};
    auto cut = text.size();
    for (const auto& stop : stops)
      cut = std::min(cut, text.find(stop));
    stop_matcher m{stops};
    std::string shown;
    for (std::size_t at = 0; at < text.size();) {
      const auto length = random() % 4 + 1;
      shown += m.push(std::string_view{text}.substr(at, length));
      at += length;
    }
    BOOST_REQUIRE(m.stopped() == (cut < text.size()));
    shown += m.finish();
    BOOST_REQUIRE(shown == text.substr(0, cut));
  }
}

BOOST_AUTO_TEST_SUITE_END()
