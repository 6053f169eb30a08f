// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/prompt_text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iterator>
#include <sstream>

using namespace sluice::apps;

namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in{text};
  return {std::istream_iterator<std::string>{in}, {}};
}

/// One token a word, but two for the longer ones; 5 of a template.
std::optional<std::uint32_t> count(const std::string& text) {
  std::uint32_t out = 5;
  for (const auto& word : words_of(text))
    out += word.size() > 4 ? 2 : 1;
  return out;
}

const std::uint64_t same[] = {11, 12};

} // namespace

BOOST_AUTO_TEST_SUITE(prompt_texts)

BOOST_AUTO_TEST_CASE(only_words_of_one_token_are_kept) {
  const auto known = calibrate(count, frequent_words());
  BOOST_TEST(known.overhead == 6u);
  BOOST_TEST(known.tokens_per_word == 1);
  BOOST_TEST(known.words.size() > 100u);
  BOOST_TEST(known.words.size() < frequent_words().size());
  for (const auto& word : known.words)
    BOOST_TEST(word.size() <= 4u, word);
}

BOOST_AUTO_TEST_CASE(texts_have_exactly_the_wanted_tokens) {
  const prompt_writer writer{calibrate(count, frequent_words()), 1};
  for (const std::uint32_t tokens : {7U, 16U, 80U, 1000U})
    BOOST_TEST(count(writer.write(tokens, 3)).value() == tokens);
  BOOST_TEST(writer.write(1, 3) == "Note", "not below the overhead");
}

BOOST_AUTO_TEST_CASE(a_vocabulary_without_such_words_is_met_on_average) {
  const auto twice = [](const std::string& text) {
    return std::optional{
        static_cast<std::uint32_t>(1 + 3 * words_of(text).size())};
  };
  const auto known = calibrate(twice, frequent_words());
  BOOST_TEST(known.tokens_per_word == 3);
  BOOST_TEST(twice(prompt_writer{known, 1}.write(100, 0)).value() == 100u);
}

BOOST_AUTO_TEST_CASE(two_counts_are_enough_for_the_mean) {
  int asked = 0;
  const auto known = calibrate_coarsely(
      [&](const std::string& text) {
        ++asked;
        return count(text);
      },
      frequent_words());
  BOOST_TEST(asked == 2);
  BOOST_TEST((known.tokens_per_word > 1 && known.tokens_per_word < 2));
}

BOOST_AUTO_TEST_CASE(without_a_count_a_word_is_a_token) {
  const auto known = calibrate([](const std::string&) { return std::nullopt; },
                               frequent_words());
  BOOST_TEST(words_of(prompt_writer{known, 1}.write(50, 0)).size() == 50u);
}

BOOST_AUTO_TEST_CASE(keys_and_seeds_make_other_texts) {
  const auto known = calibrate(count, frequent_words());
  const auto text = [&](std::uint64_t seed, std::uint64_t key) {
    return prompt_writer{known, seed}.write(40, key);
  };
  BOOST_TEST(text(1, 1) == text(1, 1));
  BOOST_TEST(text(1, 1) != text(1, 2));
  BOOST_TEST(text(1, 1) != text(2, 1));
}

BOOST_AUTO_TEST_CASE(the_same_blocks_begin_with_the_same_tokens) {
  // Overhead 6 of a block of 16: 10 words, then 16 per block.
  const prompt_writer writer{calibrate(count, frequent_words()), 1};
  const auto one = words_of(writer.write(50, 1, same, 16));
  const auto two = words_of(writer.write(60, 2, same, 16));
  BOOST_TEST(one.size() == 45u);
  const auto end = std::mismatch(one.begin(), one.end(), two.begin()).first;
  // The first word is in the overhead: 1 + 10 + 16 words are 32 tokens.
  BOOST_TEST(std::distance(one.begin(), end) == 27);
}

BOOST_AUTO_TEST_CASE(a_block_is_cut_where_the_prompt_ends) {
  const prompt_writer writer{calibrate(count, frequent_words()), 1};
  const auto whole = writer.write(32, 1, same, 16);
  const auto part = writer.write(20, 2, same, 16);
  BOOST_TEST(whole.starts_with(part), part);
}

BOOST_AUTO_TEST_SUITE_END()
