// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/regex_syntax.hpp"

#include "grammar_fixture.hpp"

#include <boost/test/unit_test.hpp>

using namespace grammar_fixture;

namespace {

struct regex_case {
  const char* pattern;
  std::vector<std::string> matching;
  std::vector<std::string> others;
};

const std::vector<regex_case> cases{
    {"abc", {"abc"}, {"", "ab", "abcd", "ABC"}},
    {"a|bc|", {"a", "bc", ""}, {"b", "ab"}},
    {"(?:ab)+c?", {"ab", "ababc"}, {"", "c", "aba"}},
    {"(?<year>\\d{4})-\\d\\d", {"1999-12"}, {"199-12", "1999-1"}},
    {"a{2}b{1,}c{0,2}d*?", {"aab", "aabbccddd"}, {"ab", "aac", "aabccc"}},
    {"[a-cx-]+", {"abc", "x-a"}, {"d", ""}},
    {"[^a-c]", {"d", "\n", "é", "😀"}, {"a", "", "dd"}},
    {"[]x]", {}, {"x", "]"}},
    {"[\\d\\-\\]]+", {"1-]", "9"}, {"a"}},
    {".", {"a", "é", "語", "😀"}, {"\n", "\r", "ab", "\xC3"}},
    {"\\w+\\s\\S", {"a_1 b", "x\t\xC2\xA3"}, {"a  b", "-x b"}},
    {"\\x41\\u00e9\\u{1F600}", {"Aé😀"}, {"A"}},
    {"[é-ü]{2}", {"êü"}, {"éa", "é"}},
    {"^a$|^b", {"a", "b"}, {"ab"}},
    {"a^b|c$d", {}, {"ab", "a", "cd", "c"}},
    {"\\/\\.\\*\\{\\}", {"/.*{}"}, {"/"}},
    {"(a|b)*a(a|b){3}", {"aaaa", "babbb"}, {"bbbb", "aaa"}},
};

} // namespace

BOOST_AUTO_TEST_SUITE(grammar_regex)

BOOST_AUTO_TEST_CASE(patterns_match_what_they_should) {
  for (const auto& one : cases) {
    work_budget budget;
    const auto made = regex_machine(one.pattern, regex_use::whole, budget);
    for (const auto& text : one.matching)
      BOOST_TEST(matches(made, text), one.pattern << " against " << text);
    for (const auto& text : one.others)
      BOOST_TEST(!matches(made, text), one.pattern << " against " << text);
  }
}

BOOST_AUTO_TEST_CASE(searched_pattern_may_stand_anywhere) {
  work_budget budget;
  const auto found = [&](const char* pattern, const char* text) {
    return matches(regex_machine(pattern, regex_use::search, budget), text);
  };
  BOOST_TEST(found("b+", "abbc"));
  BOOST_TEST(found("", "anything\n"));
  BOOST_TEST(!found("^b", "ab"));
  BOOST_TEST(found("^a", "ab"));
  BOOST_TEST(found("b$", "ab"));
  BOOST_TEST(!found("a$", "ab"));
  BOOST_TEST(found("^(a|b)$", "b"));
  BOOST_TEST(!found("^(a|b)$", "ab"));
  BOOST_TEST(found("(^a|b$)", "xb"));
  BOOST_TEST(!found("b", "\xC3"));
}

BOOST_AUTO_TEST_CASE(grammar_matches_the_whole_answer) {
  const auto grammar = compile(grammar_kind::regex, "[0-9]{3}");
  BOOST_TEST(accepts(grammar, "123"));
  BOOST_TEST(!accepts(grammar, "12"));
  BOOST_TEST(!accepts(grammar, "1234"));
}

BOOST_AUTO_TEST_CASE(errors_name_the_column) {
  const auto error = [](const char* pattern) {
    return error_of(grammar_kind::regex, pattern);
  };
  BOOST_TEST(error("ab(c") == "regex: column 3: '(' is not closed");
  BOOST_TEST(error("ab)") == "regex: column 3: ')' without '('");
  BOOST_TEST(error("é[a") == "regex: column 2: '[' is not closed");
  BOOST_TEST(error("*a") == "regex: column 1: there is nothing to repeat");
  BOOST_TEST(error("a{2,1}")
             == "regex: column 2: the least number of repetitions is above "
                "the largest");
  BOOST_TEST(error("a{x}").starts_with("regex: column 3: a quantifier is"));
  BOOST_TEST(error("a**")
             == "regex: column 4: a quantifier follows a quantifier");
  BOOST_TEST(error("(?=a)")
             == "regex: column 1: look-ahead and look-behind are not "
                "supported");
  BOOST_TEST(error("(a)\\1")
             == "regex: column 4: back references are not supported");
  BOOST_TEST(error("\\bword")
             == "regex: column 1: word boundaries are not supported");
  BOOST_TEST(error("\\p{L}")
             == "regex: column 1: character properties are not supported");
  BOOST_TEST(error("(?i)a")
             == "regex: column 1: flags and special groups are not supported");
  BOOST_TEST(error("[b-a]") == "regex: column 2: the range runs backwards");
  BOOST_TEST(error("\\u12")
             == "regex: column 3: 4 hexadecimal digits must "
                "follow");
  BOOST_TEST(error("\xC3") == "regex: the text is not UTF-8");
}

BOOST_AUTO_TEST_CASE(pattern_that_matches_nothing_is_refused) {
  BOOST_TEST(error_of(grammar_kind::regex, "a^b")
             == "regex: the grammar matches nothing");
  BOOST_TEST(error_of(grammar_kind::regex, "")
             == "regex: the grammar matches only the empty text");
}

BOOST_AUTO_TEST_CASE(hostile_patterns_are_refused_quickly) {
  const auto refused = [](const std::string& pattern) {
    return error_of(grammar_kind::regex, pattern).find("too complex")
           != std::string::npos;
  };
  BOOST_TEST(refused("(a|b)*a(a|b){40}"));
  BOOST_TEST(refused("a{1000000000}"));
  BOOST_TEST(refused("((((a{100}){100}){100}){100}){100}"));
  BOOST_TEST(refused("(.*a){100}(.*b){100}(.*c){100}(.*d){100}"));
  const auto deep = std::string(100000, '(');
  BOOST_TEST(error_of(grammar_kind::regex, deep)
             == "regex: column 202: groups nest deeper than 200 levels");
}

BOOST_AUTO_TEST_SUITE_END()
