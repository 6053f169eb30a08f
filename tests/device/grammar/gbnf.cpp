// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "grammar_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace grammar_fixture;

namespace {

const char* const arithmetic = R"gbnf(# sums of products
root  ::= sum "\n"
sum   ::= product ([-+] product)*   # to the right
product ::= value
          | value "*" product
value ::= [0-9]+ | "(" ws sum ws ")" |
          name{1,2}
name  ::= [a-zA-Z_] [a-zA-Z0-9_]?
ws    ::= [ \t]*
)gbnf";

std::string error(const char* text) {
  return error_of(grammar_kind::gbnf, text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(grammar_gbnf)

BOOST_AUTO_TEST_CASE(rules_describe_the_whole_text) {
  const auto grammar = compile(grammar_kind::gbnf, arithmetic);
  for (const char* text :
       {"1\n", "1+2*3\n", "( 1-x)*22\n", "((((a))))\n", "abcd\n"})
    BOOST_TEST(accepts(grammar, text), text);
  for (const char* text : {"1", "1+\n", "(1\n", "abcde\n", "1++2\n", ""})
    BOOST_TEST(!accepts(grammar, text), text);
}

BOOST_AUTO_TEST_CASE(literals_and_classes_know_escapes) {
  const auto grammar = compile(
      grammar_kind::gbnf,
      R"gbnf(root ::= "\"\\\x41\u00e9\U0001F600" [\]\-\x30-\x32] [^\n"] . "\t")gbnf");
  BOOST_TEST(accepts(grammar, "\"\\Aé😀]a\n\t"));
  BOOST_TEST(accepts(grammar, "\"\\Aé😀1é😀\t"));
  BOOST_TEST(!accepts(grammar, "\"\\Aé😀3aa\t"));
  BOOST_TEST(!accepts(grammar, "\"\\Aé😀]\naa\t"));
}

BOOST_AUTO_TEST_CASE(repetitions_are_counted) {
  const auto grammar = compile(
      grammar_kind::gbnf, "root ::= \"a\"{2} \"b\"{1,} (\"c\" \"d\"){0,2}");
  for (const char* text : {"aab", "aabbbcd", "aabcdcd"})
    BOOST_TEST(accepts(grammar, text), text);
  for (const char* text : {"ab", "aa", "aabc", "aabcdcdcd"})
    BOOST_TEST(!accepts(grammar, text), text);
}

BOOST_AUTO_TEST_CASE(group_may_span_lines) {
  const auto grammar = compile(grammar_kind::gbnf, "root ::= (\n \"a\" # one\n"
                                                   " | \"b\"\n)\n\n");
  BOOST_TEST(accepts(grammar, "a"));
  BOOST_TEST(accepts(grammar, "b"));
}

BOOST_AUTO_TEST_CASE(errors_name_line_and_column) {
  BOOST_TEST(error("root = \"a\"")
             == "grammar: line 1, column 6: '::=' is expected");
  BOOST_TEST(error("root ::= \"a\"\nb ::= (\"c\"")
             == "grammar: line 2, column 7: '(' is not closed");
  BOOST_TEST(error("root ::= \"a")
             == "grammar: line 1, column 10: '\"' is not closed");
  BOOST_TEST(error("root ::= [a")
             == "grammar: line 1, column 10: '[' is not closed");
  BOOST_TEST(error("root ::= a\n")
             == "grammar: line 1, column 10: rule 'a' is not defined");
  BOOST_TEST(error("root ::= \"a\"\nroot ::= \"b\"")
             == "grammar: line 2, column 1: rule 'root' is defined twice");
  BOOST_TEST(error("x ::= \"a\"") == "grammar: there is no rule 'root'");
  BOOST_TEST(error("root ::= *")
             == "grammar: line 1, column 10: there is nothing to repeat");
  BOOST_TEST(error("root ::= \"a\"{3,2}")
             == "grammar: line 1, column 13: the least number of repetitions "
                "is above the largest");
  BOOST_TEST(error("root ::= \"\\q\"")
             == "grammar: line 1, column 11: there is no such escape");
  BOOST_TEST(error("root ::= \"a\")")
             == "grammar: line 1, column 13: ')' without '('");
}

BOOST_AUTO_TEST_CASE(left_recursion_is_refused_naming_the_rules) {
  BOOST_TEST(error("root ::= sum\nsum ::= sum \"+\" [0-9] | [0-9]")
             == "grammar: left recursion: 'sum' begins with 'sum'; write the "
                "repetition to the right, or with *");
  const auto circle = error("root ::= a\na ::= b? c \"x\"\nb ::= \"y\"\n"
                            "c ::= \"z\"? a \"z\" | \"w\"");
  BOOST_TEST(circle.find("'a' begins with 'c' begins with 'a'")
                 != std::string::npos,
             circle);
}

BOOST_AUTO_TEST_CASE(grammar_that_can_never_end_is_refused) {
  BOOST_TEST(error("root ::= \"a\" root")
             == "grammar: the grammar matches nothing");
  BOOST_TEST(error("root ::= \"a\" [] \"b\"")
             == "grammar: the grammar matches nothing");
  BOOST_TEST(error("root ::= \"\"")
             == "grammar: the grammar matches only the empty text");
}

BOOST_AUTO_TEST_CASE(branch_that_can_never_end_is_not_offered) {
  const auto grammar =
      compile(grammar_kind::gbnf,
              "root ::= \"a\" | \"b\" never\nnever ::= \"c\" never");
  const auto bits = mask_of(grammar_state{grammar});
  BOOST_TEST(has(bits, 'a'));
  BOOST_TEST(!has(bits, 'b'));
}

BOOST_AUTO_TEST_CASE(hostile_grammars_are_refused_quickly) {
  std::string wide = "root ::= a0\n";
  for (int i = 0; i < 30; ++i)
    wide += "a" + std::to_string(i) + " ::= a" + std::to_string(i + 1) + " a"
            + std::to_string(i + 1) + "\n";
  wide += "a30 ::= \"x\"";
  // Two to the thirtieth characters, but only thirty rules.
  BOOST_TEST(error(wide.c_str()) == "");
  std::string chain = "root ::= r0\n";
  for (int i = 0; i < 1990; ++i)
    chain += "r" + std::to_string(i) + " ::= r" + std::to_string(i + 1) + "\n";
  chain += "r1990 ::= \"x\"";
  BOOST_TEST(error(chain.c_str()) == "");
  BOOST_TEST(error(("root ::= \"a\"" + std::string(5000, '*')).c_str())
                 .find("too many repetitions")
             != std::string::npos);
  BOOST_TEST(error("root ::= (\"a\"{1000} \"b\"){1000000}").find("too complex")
             != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
