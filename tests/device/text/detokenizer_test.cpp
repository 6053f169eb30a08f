// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "bundled_tokenizers.hpp"
#include "device/files/gguf.hpp"
#include "device/text/detokenizer.hpp"
#include "device/text/utf8.hpp"
#include "vocabulary_files.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice::device;
using test::edge;
using test::stories;

namespace {

/// Broken bytes as U+FFFD, one for each maximal broken part.
std::string sanitized(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const auto unit = read_utf8(bytes);
    text += unit.state == utf8_state::valid ? bytes.substr(0, unit.length)
                                            : replacement_character;
    bytes.remove_prefix(unit.length);
  }
  return text;
}

void check_stream(const tokenizer& tokens,
                  const std::vector<std::int32_t>& stream, bool specials) {
  detokenizer text(tokens, specials);
  std::string whole;
  for (const auto id : stream) {
    const auto delta = text.push(id);
    BOOST_TEST(valid_utf8_prefix(delta) == delta.size());
    whole += delta;
  }
  whole += text.finish();
  auto bytes = tokens.decode(stream, specials);
  if (tokens.drops_leading_space() && bytes.starts_with(' '))
    bytes.erase(0, 1);
  BOOST_TEST(whole == sanitized(bytes));
}

} // namespace

BOOST_AUTO_TEST_CASE(random_streams_give_the_sanitized_whole) {
  std::mt19937 random(11);
  for (const auto* tokens : {&edge(), &stories()})
    for (int round = 0; round < 500; ++round) {
      std::vector<std::int32_t> stream(random() % 40);
      // Low ids are specials and bytes: broken text as often as possible.
      const auto range = round % 2 == 0 ? 270 : tokens->size();
      for (auto& id : stream)
        id = static_cast<std::int32_t>(random() % range);
      check_stream(*tokens, stream, round % 3 == 0);
    }
}

BOOST_AUTO_TEST_CASE(a_character_is_held_back_until_it_is_whole) {
  detokenizer text(stories());
  // "é" in byte tokens: <0xC3> <0xA9>.
  BOOST_TEST(text.push(*stories().find("<0xC3>")) == "");
  BOOST_TEST(text.push(*stories().find("<0xA9>")) == "é");
  BOOST_TEST(text.finish() == "");
}

BOOST_AUTO_TEST_CASE(broken_bytes_come_out_when_they_are_proven_broken) {
  detokenizer text(stories());
  BOOST_TEST(text.push(*stories().find("<0xE2>")) == "");
  BOOST_TEST(text.push(*stories().find("<0x96>")) == "");
  BOOST_TEST(text.push(*stories().find("a"))
             == "\uFFFD"
                "a");
  BOOST_TEST(text.push(*stories().find("<0xFF>")) == "\uFFFD");
  BOOST_TEST(text.push(*stories().find("<0xF0>")) == "");
  BOOST_TEST(text.finish() == "\uFFFD");
  BOOST_TEST(text.finish() == "");
}

BOOST_AUTO_TEST_CASE(the_leading_space_of_a_sentencepiece_text_is_dropped) {
  const auto ids = stories().encode("Once upon");
  for (const bool continues : {false, true}) {
    detokenizer text(stories(), false, continues);
    std::string whole;
    for (const auto id : ids)
      whole += text.push(id);
    BOOST_TEST(whole == (continues ? " Once upon" : "Once upon"));
  }
}

BOOST_AUTO_TEST_CASE(byte_level_texts_keep_their_leading_space) {
  detokenizer text(edge());
  BOOST_TEST(text.push(edge().encode(" the").front()) == " the");
}

BOOST_AUTO_TEST_CASE(special_tokens_show_only_when_asked_for) {
  detokenizer hidden(edge());
  BOOST_TEST(hidden.push(6) == "");
  detokenizer shown(edge(), true);
  BOOST_TEST(shown.push(6) == "<|end|>");
  BOOST_TEST(shown.push(1 << 30) == "");
}
