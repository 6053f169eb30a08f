// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The automaton over tokens: its masks are what feeding every token byte by
// byte gives, in states that random documents reach.
#include "grammar_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace grammar_fixture;

namespace {

// Tokens that may come next, found the slow way.
std::vector<std::uint64_t> brute_force(const grammar_state& state) {
  const auto& trie = state.grammar().trie();
  std::vector<std::uint64_t> bits((trie.vocabulary() + 63) / 64);
  for (std::size_t id = 0; id < trie.vocabulary(); ++id) {
    auto copy = state;
    if (copy.accept(static_cast<std::int32_t>(id)))
      bits[id / 64] |= std::uint64_t{1} << (id % 64);
  }
  return bits;
}

std::vector<std::int32_t> ids_in(const std::vector<std::uint64_t>& bits) {
  std::vector<std::int32_t> out;
  for (std::size_t id = 0; id < bits.size() * 64; ++id)
    if (has(bits, id))
      out.push_back(static_cast<std::int32_t>(id));
  return out;
}

// Walks random documents and compares the masks on the way.
void check_masks(const std::shared_ptr<const compiled_grammar>& grammar,
                 std::size_t documents, std::size_t steps) {
  std::mt19937 random{7};
  for (std::size_t i = 0; i < documents; ++i) {
    grammar_state state{grammar};
    for (std::size_t step = 0; step < steps && !state.finished(); ++step) {
      const auto bits = mask_of(state);
      BOOST_TEST_REQUIRE((bits == brute_force(state)));
      const auto ids = ids_in(bits);
      BOOST_TEST_REQUIRE(!ids.empty());
      BOOST_TEST_REQUIRE(state.accept(ids[random() % ids.size()]));
    }
  }
}

// Ambiguous, nested, nullable, and with tokens that end several rules at once.
const std::vector<std::pair<grammar_kind, std::string>> grammars{
    {grammar_kind::regex, "[a-c]*"},
    {grammar_kind::regex, "(ab|a|bc){1,40}\"?"},
    {grammar_kind::regex, "[^\\x00-\\x7F]{2,5}"},
    {grammar_kind::regex, "(a|ab)(c|bcd)*d?"},
    {grammar_kind::choice, R"(["a", "ab", "abc", "aaaaaa", "é", "b\""])"},
    {grammar_kind::gbnf, "root ::= \"{\" (root | [a-c]*)? \"}\""},
    {grammar_kind::gbnf, "root ::= x root y | x\nx ::= \"a\"+\n"
                         "y ::= \"b\" | \"bc\" z\nz ::= \"c\"?"},
    {grammar_kind::gbnf, "root ::= item (\",\" item){0,500}\n"
                         "item ::= \"\\\"\" [^\"]{1,60} \"\\\"\" | \"[\" root "
                         "\"]\""},
    {grammar_kind::gbnf, "root ::= a | b\na ::= \"a\" a \"b\" | \"a\" c \"c\"\n"
                         "b ::= \"a\" b \"c\" | \"b\"\nc ::= a | \"abc\""},
};

} // namespace

BOOST_AUTO_TEST_SUITE(grammar_engine)

BOOST_AUTO_TEST_CASE(masks_equal_feeding_every_token_by_bytes) {
  for (const auto& [kind, text] : grammars) {
    BOOST_TEST_CONTEXT(text)
    check_masks(compile(kind, text), 20, 60);
  }
}

BOOST_AUTO_TEST_CASE(masks_equal_brute_force_with_a_real_vocabulary) {
  for (const auto& [kind, text] : grammars) {
    BOOST_TEST_CONTEXT(text)
    check_masks(compile(kind, text, edge_vocabulary()), 2, 12);
  }
}

BOOST_AUTO_TEST_CASE(token_that_may_not_come_changes_nothing) {
  grammar_state state{compile(grammar_kind::regex, "ab+")};
  BOOST_TEST(state.accept('a'));
  BOOST_TEST(!state.accept('a'));
  BOOST_TEST(!state.accept(-1));
  BOOST_TEST(!state.accept(100000));
  BOOST_TEST(!state.may_end());
  BOOST_TEST(state.accept('b'));
  BOOST_TEST(state.may_end());
  BOOST_TEST(!state.finished());
}

BOOST_AUTO_TEST_CASE(tokens_without_content_never_match) {
  const auto grammar = compile(grammar_kind::regex, "[\\s\\S]*");
  const auto bits = mask_of(grammar_state{grammar});
  const auto size = grammar->trie().vocabulary();
  BOOST_TEST(has(bits, 'a'));
  BOOST_TEST(!has(bits, size - 1));
  BOOST_TEST(!has(bits, size - 2));
}

BOOST_AUTO_TEST_CASE(copy_goes_its_own_way) {
  grammar_state state{compile(grammar_kind::regex, "a(b|c)d")};
  state.accept('a');
  auto copy = state;
  BOOST_TEST(copy.accept('b'));
  BOOST_TEST(state.accept('c'));
  BOOST_TEST(copy.accept('d'));
  BOOST_TEST(copy.finished());
  BOOST_TEST(!state.finished());
}

BOOST_AUTO_TEST_CASE(finished_means_that_nothing_may_follow) {
  grammar_state state{compile(grammar_kind::choice, R"(["a", "ab"])")};
  state.accept('a');
  BOOST_TEST(state.may_end());
  BOOST_TEST(!state.finished());
  state.accept('b');
  BOOST_TEST(state.finished());
  for (const auto word : mask_of(state))
    BOOST_TEST(word == 0u);
}

BOOST_AUTO_TEST_CASE(deep_nesting_is_followed_and_bounded) {
  const auto grammar =
      compile(grammar_kind::gbnf, "root ::= \"[\" root? \"]\" | \"a\"");
  grammar_state state{grammar};
  for (int i = 0; i < 3000; ++i)
    BOOST_TEST_REQUIRE(state.accept('['));
  for (int i = 0; i < 3000; ++i)
    BOOST_TEST_REQUIRE(state.accept(']'));
  BOOST_TEST(state.finished());
  grammar_state deeper{grammar};
  int depth = 0;
  while (depth < 10000 && deeper.accept('['))
    ++depth;
  BOOST_TEST(depth < 10000);
}

BOOST_AUTO_TEST_CASE(long_counted_strings_share_what_is_known) {
  const auto grammar =
      compile(grammar_kind::regex, "[a-z ]{3,5000}", edge_vocabulary());
  // Thousands of states, yet only the first and last few differ.
  BOOST_TEST(grammar->rules().states.size() > 5000u);
  BOOST_TEST(grammar->bytes() < 4u << 20);
}

BOOST_AUTO_TEST_SUITE_END()
