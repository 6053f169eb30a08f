// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "bundled_tokenizers.hpp"
#include "device/files/gguf.hpp"
#include "device/text/tokenizer.hpp"
#include "golden_texts.hpp"
#include "vocabulary_files.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <random>
#include <thread>

using namespace sluice::device;
using test::byte_level;
using ids = std::vector<std::int32_t>;
using test::edge;
using test::stories;

namespace {

std::string random_bytes(std::mt19937& random, std::size_t most) {
  std::string text(random() % most, ' ');
  for (auto& byte : text)
    byte = static_cast<char>(random());
  return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(any_bytes_come_back_from_a_byte_level_vocabulary) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto text = random_bytes(random, 200);
    BOOST_TEST(edge().decode(edge().encode(text)) == text);
  }
}

BOOST_AUTO_TEST_CASE(any_bytes_come_back_from_a_sentencepiece_vocabulary) {
  std::mt19937 random(8);
  for (int round = 0; round < 300; ++round) {
    const auto text = "x" + random_bytes(random, 200);
    // The space that every text gets is the vocabulary's own.
    BOOST_TEST(stories().decode(stories().encode(text)) == " " + text);
  }
}

BOOST_AUTO_TEST_CASE(special_tokens_are_text_unless_they_are_parsed) {
  const std::string text = "<|user|>hi<|end|>";
  const auto parsed = edge().encode(text);
  BOOST_TEST(parsed.front() == *edge().find("<|user|>"));
  BOOST_TEST(parsed.back() == *edge().find("<|end|>"));
  BOOST_TEST(edge().decode(parsed) == "hi");
  BOOST_TEST(edge().decode(parsed, true) == text);
  const auto plain = edge().encode(text, {.parse_special = false});
  for (const auto id : plain)
    BOOST_TEST(!edge().is_special(id));
  BOOST_TEST(edge().decode(plain) == text);
}

BOOST_AUTO_TEST_CASE(plain_text_never_becomes_a_control_token) {
  // "<s" is one word of this pretokenizer, and words that are tokens need no
  // merges; only parsing gives the control token all the same.
  auto types = ids(258, 1);
  types[257] = 3;
  const auto tokens = byte_level({"ab", "<s"}, {"a b"}, "llama-bpe")
                          .numbers("tokenizer.ggml.token_type", types)
                          .open();
  BOOST_TEST(tokens.encode("<s") == ids{257});
  BOOST_TEST(tokens.encode("<s", {.parse_special = false}) == (ids{'<', 's'}));
}

BOOST_AUTO_TEST_CASE(user_defined_tokens_are_always_found_longest_first) {
  auto types = ids(259, 1);
  types[257] = types[258] = 4;
  const auto tokens = byte_level({"ab", "abc", "bcd"}, {"a b"})
                          .numbers("tokenizer.ggml.token_type", types)
                          .open();
  const encode_options plain{.parse_special = false};
  BOOST_TEST(tokens.encode("abcd", plain) == (ids{257, 'd'}));
  BOOST_TEST(tokens.encode("xbcd", plain) == (ids{'x', 258}));
  BOOST_TEST(tokens.encode("ab", plain) == ids{256});
  BOOST_TEST(!tokens.is_special(257));
  BOOST_TEST(tokens.decode(ids{257, 258}) == "abcbcd");
}

BOOST_AUTO_TEST_CASE(lower_ranks_merge_first_and_the_leftmost_of_equals) {
  const auto tokens =
      byte_level({"aa", "ab", "aab"}, {"a a", "a b", "aa b"}).open();
  BOOST_TEST(tokens.encode("aaa") == (ids{256, 'a'}));
  BOOST_TEST(tokens.encode("aaab") == (ids{256, 257}));
  BOOST_TEST(tokens.encode("aab") == ids{258});
}

BOOST_AUTO_TEST_CASE(long_and_short_words_merge_alike) {
  // 23 symbols are scanned, 26 are queued.
  const auto tokens = byte_level({"ab", "abab"}, {"a b", "ab ab"}).open();
  for (const int pairs : {10, 11, 12, 13, 14, 40}) {
    std::string word;
    for (int i = 0; i < pairs; ++i)
      word += "ab";
    ids expected(static_cast<std::size_t>(pairs / 2), 257);
    if (pairs % 2 == 1)
      expected.push_back(256);
    BOOST_TEST(tokens.encode(word) == expected,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_word_of_a_megabyte_is_not_quadratic) {
  // A quadratic merge would need hours: the test's own time limit is the bar.
  for (const char* unit : {"a", " ", "\n", "-", "\xff", "é"}) {
    std::string text;
    while (text.size() < 1000000)
      text += unit;
    for (const auto* tokens : {&edge(), &stories()}) {
      const auto out = tokens->encode(text, {.add_special = false});
      BOOST_TEST(tokens->decode(out).ends_with(text));
    }
  }
}

BOOST_AUTO_TEST_CASE(bos_and_eos_are_added_where_the_file_says_so) {
  const auto file = [] {
    return byte_level({"ab", "<s>", "</s>"}, {"a b"})
        .number("tokenizer.ggml.bos_token_id", 257)
        .number("tokenizer.ggml.eos_token_id", 258);
  };
  const auto silent = file().open();
  BOOST_TEST(!silent.adds_bos());
  BOOST_TEST(*silent.bos() == 257);
  BOOST_TEST(*silent.eos() == 258);
  BOOST_TEST(silent.encode("ab") == ids{256});
  const auto both = file()
                        .flag("tokenizer.ggml.add_bos_token", true)
                        .flag("tokenizer.ggml.add_eos_token", true)
                        .open();
  BOOST_TEST(both.adds_bos());
  BOOST_TEST(both.encode("ab") == (ids{257, 256, 258}));
  BOOST_TEST(both.encode("") == (ids{257, 258}));
  BOOST_TEST(both.encode("ab", {.add_special = false}) == ids{256});
}

BOOST_AUTO_TEST_CASE(llama_3_adds_bos_unless_the_file_says_no) {
  const auto file = [] {
    return byte_level({"ab", "<s>"}, {"a b"}, "llama-bpe")
        .number("tokenizer.ggml.bos_token_id", 257);
  };
  BOOST_TEST(file().open().adds_bos());
  BOOST_TEST(
      !file().flag("tokenizer.ggml.add_bos_token", false).open().adds_bos());
}

BOOST_AUTO_TEST_CASE(whole_words_skip_merges_only_for_pretokenizers_that_say) {
  // "abc" is a token that no merge reaches.
  const auto file = [](const char* pre) {
    return byte_level({"ab", "abc"}, {"a b"}, pre).open();
  };
  BOOST_TEST(file("llama-bpe").encode("abc") == ids{257});
  BOOST_TEST(file("gpt-2").encode("abc") == (ids{256, 'c'}));
}

BOOST_AUTO_TEST_CASE(every_named_pretokenizer_keeps_every_byte) {
  const auto texts =
      test::golden_texts("tests/data/tokenizers/ggml-vocab-falcon.gguf.inp");
  for (const char* pre :
       {"",          "default",     "gpt-2",      "llama-bpe",
        "qwen2",     "qwen35",      "falcon",     "starcoder",
        "refact",    "command-r",   "smollm",     "tekken",
        "gpt-4o",    "mpt",         "olmo",       "dbrx",
        "bloom",     "deepseek-v3", "seed-coder", "bailingmoe",
        "stablelm2", "chatglm-bpe", "viking",     "deepseek-coder"}) {
    const auto tokens = byte_level({"ab"}, {"a b"}, pre).open();
    for (const auto& text : texts)
      BOOST_TEST(tokens.decode(tokens.encode(text)) == text);
  }
}

BOOST_AUTO_TEST_CASE(sentencepiece_prefixes_a_space_unless_told_not_to) {
  const auto file = [] {
    test::gguf_metadata made;
    made.text("tokenizer.ggml.model", "llama")
        .texts("tokenizer.ggml.tokens",
               {"<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "▁ab"})
        .floats("tokenizer.ggml.scores", {0, 0, 0, -9, -9, -9, -2, -1, -3})
        .numbers("tokenizer.ggml.token_type", {2, 3, 3, 1, 1, 1, 1, 1, 1});
    return made;
  };
  const auto tokens = file().open();
  // The better score first: "ab", then "▁ab".
  BOOST_TEST(tokens.encode("ab") == (ids{1, 8}));
  BOOST_TEST(tokens.encode("aab") == (ids{1, 6, 7}));
  BOOST_TEST(tokens.encode("a</s>a") == (ids{1, 6, 2, 6}));
  BOOST_TEST(tokens.encode("z") == (ids{1, 3, 0})); // no byte tokens here
  BOOST_TEST(tokens.encode("") == ids{1});
  BOOST_TEST(tokens.drops_leading_space());
  const auto bare =
      file().flag("tokenizer.ggml.add_space_prefix", false).open();
  BOOST_TEST(bare.encode("ab") == (ids{1, 7}));
  BOOST_TEST(bare.encode(" ab") == (ids{1, 8}));
  BOOST_TEST(!bare.drops_leading_space());
}

BOOST_AUTO_TEST_CASE(questions_about_tokens_have_answers_for_any_id) {
  BOOST_TEST(edge().size() == 8192u);
  BOOST_TEST(edge().token_text(6) == "<|end|>");
  BOOST_TEST(*edge().find("Ġthe") == edge().encode(" the").front());
  BOOST_TEST(!edge().find("no such token"));
  BOOST_TEST(edge().piece(6).empty());
  BOOST_TEST(edge().piece(6, true) == "<|end|>");
  for (const std::int32_t id : {-1, 8192, 2147483647, -2147483647 - 1}) {
    BOOST_TEST(edge().piece(id, true).empty());
    BOOST_TEST(edge().token_text(id).empty());
    BOOST_TEST(!edge().is_special(id));
    BOOST_TEST(edge().decode(ids{id}).empty());
  }
  BOOST_TEST(edge().chat_template().starts_with("{{ bos_token }}"));
  BOOST_TEST(stories().chat_template().empty());
}

BOOST_AUTO_TEST_CASE(threads_share_one_tokenizer) {
  const auto text = test::read_file("tests/data/README.md");
  const auto expected = edge().encode(text);
  std::vector<std::thread> threads;
  std::atomic<int> equal = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round)
        equal += edge().encode(text) == expected;
    });
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(equal == 20);
}
