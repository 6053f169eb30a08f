// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Files that mean harm, or were cut, or were never YAML: one diagnostic each,
// and never a crash or a wait.
#include "graph/yaml/tree.hpp"
#include "tests/graph/mistakes.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice::graph;

namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile)

BOOST_AUTO_TEST_CASE(empty_files_are_told) {
  for (auto text : {"", "\n\n", "# only a comment\n", "---\n", "~\n"})
    BOOST_TEST(mistakes(text) == "g.yaml: the file is empty\n");
}

BOOST_AUTO_TEST_CASE(file_that_is_no_map_is_told) {
  BOOST_TEST(mistakes("hello")
             == "g.yaml:1:1: the file needs a map, not "
                "'hello'\n");
  BOOST_TEST(mistakes("[1, 2]")
             == "g.yaml:1:1: the file needs a map, not a list\n");
}

BOOST_AUTO_TEST_CASE(second_document_is_refused) {
  BOOST_TEST(mistakes(right_graph + "---\ngraph: two\n")
             == "g.yaml:13:1: a second document begins here; a file holds "
                "one\n");
}

BOOST_AUTO_TEST_CASE(unclosed_brackets_are_told_with_their_place) {
  BOOST_TEST(mistakes("graph: {a: [1, 2\n").find("g.yaml:2:1: not YAML: ")
             == 0);
}

BOOST_AUTO_TEST_CASE(tab_as_indent_is_told) {
  auto text = mistakes("graph: chat\nactors:\n\tdoor: {kind: gateway}\n");
  BOOST_TEST(text.find("g.yaml:3:") == 0);
  BOOST_TEST(text.find("(a tab indents this line; YAML wants spaces)")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(broken_utf8_is_told_with_its_place) {
  for (auto bytes : {"\xff", "\xc3(", "\xc0\xaf", "\xed\xa0\x80",
                     "\xf4\x90\x80\x80", "\xe2\x82"})
    BOOST_TEST(mistakes(std::string("graph: chat\nx: ") + bytes + "\n")
               == "g.yaml:2:4: this byte is not UTF-8\n");
  BOOST_TEST(mistakes(std::string("graph: \0x", 9))
             == "g.yaml:1:8: a control character is not allowed here\n");
}

BOOST_AUTO_TEST_CASE(columns_count_characters) {
  BOOST_TEST(mistakes(with(right_graph, "{kind: gateway}",
                           "{listen: 'ä:x', kind: gateway, nö: 1}"))
                 .find("g.yaml:5:40: unknown field 'nö'")
             == 0);
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_refused) {
  for (auto depth : {65u, 1000u, 200000u}) {
    auto text = mistakes("graph: " + repeat("[", depth) + repeat("]", depth));
    BOOST_TEST(text.find("nested deeper than 64 levels") != std::string::npos);
  }
  std::string block = "graph:\n";
  for (std::size_t i = 1; i < 100; ++i)
    block += std::string(i, ' ') + "a:\n";
  BOOST_TEST(mistakes(block).find("nested deeper than 64 levels")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(aliases_cannot_multiply_without_end) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    auto last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last
            + repeat(", " + last, 9) + "]\n";
  }
  BOOST_TEST(mistakes(text)
             == "g.yaml:5:55: more than 100000 values, aliases counted as what "
                "they stand for\n");
}

BOOST_AUTO_TEST_CASE(alias_within_itself_is_refused) {
  BOOST_TEST(mistakes("graph: &a [*a]\n")
             == "g.yaml:1:12: an alias stands inside the value that it "
                "names\n");
}

BOOST_AUTO_TEST_CASE(alias_without_anchor_is_refused) {
  BOOST_TEST(mistakes("graph: *nobody\n").find("g.yaml:1:8: not YAML: ") == 0);
}

BOOST_AUTO_TEST_CASE(too_many_values_are_refused) {
  BOOST_TEST(mistakes("graph: [" + repeat("1,", 100001) + "1]\n")
                 .find("more than 100000 values")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(too_large_a_file_is_refused) {
  BOOST_TEST(mistakes("# " + std::string(4u << 20, 'x') + "\n" + right_graph)
             == "g.yaml: the file is larger than 4 MiB\n");
}

BOOST_AUTO_TEST_CASE(tags_and_odd_keys_are_refused) {
  BOOST_TEST(mistakes("graph: !!binary aGk=\n")
                 .find("g.yaml:1:8: tag 'tag:yaml.org,2002:binary' is not read")
             == 0);
  BOOST_TEST(
      mistakes("? [a, b]\n: c\n").find("a key must be a word, not a list")
      != std::string::npos);
}

BOOST_AUTO_TEST_CASE(long_words_are_cut_in_messages) {
  auto text = mistakes(std::string(100000, 'x') + ": 1\n");
  BOOST_TEST(text.size() < 1000u);
}

// Every prefix of a right file, and files with bytes changed at random, end in
// diagnostics.
BOOST_AUTO_TEST_CASE(cut_and_bent_files_never_crash) {
  auto read = [](const std::string& text, bool placement) {
    auto found = placement ? placement_mistakes(text) : mistakes(text);
    BOOST_TEST(found.size() < 100000u);
  };
  for (bool placement : {false, true}) {
    const auto& base = placement ? right_placement : right_router;
    for (std::size_t size = 0; size < base.size(); ++size)
      read(base.substr(0, size), placement);
  }
  std::mt19937 random(7);
  const std::string letters = "{}[]:,-&*!|>'\"%@`#? \n\t0a.";
  for (int i = 0; i < 500; ++i) {
    auto text = i % 2 == 0 ? right_router : right_placement;
    for (int n = 0; n < 3; ++n)
      text[random() % text.size()] = letters[random() % letters.size()];
    read(text, i % 2 != 0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
