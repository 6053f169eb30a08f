// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// tokenizer.json in the forms that occur, by Hugging Face's specification.
#include "device/text/detokenizer.hpp"
#include "device/text/nfc.hpp"
#include "device/text/tokenizer.hpp"
#include "golden_texts.hpp"
#include "vocabulary_files.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace sluice::device;
using test::open_json;
using test::temporary_folder;
using ids = std::vector<std::int32_t>;

namespace {

/// A character-level vocabulary; `stages` are further members.
std::string json(const std::string& stages, const std::string& model = "") {
  return R"({"model": {"type": "BPE", "unk_token": "<unk>", )" + model
         + R"("vocab": {"<unk>": 0, "▁": 1, "a": 2, "b": 3, "▁a": 4, "ab": 5,
  "▁ab": 6, "<0xC3>": 7, "<0xA9>": 8, "1": 9, "11": 10, "b▁": 11},
  "merges": ["▁ a", "a b", "▁a b", "1 1", ["b", "▁"]]})"
         + (stages.empty() ? "" : ", ") + stages + "}";
}

const std::string replace_spaces =
    R"("normalizer": {"type": "Sequence", "normalizers": [
  {"type": "Prepend", "prepend": "▁"},
  {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]})";

} // namespace

BOOST_AUTO_TEST_CASE(nfc_composes_what_composes) {
  // Pairs from Unicode's NormalizationTest.txt and Hangul arithmetic.
  const std::pair<std::string, std::string> cases[] = {
      {"plain \xC3\xA9", "plain \u00E9"},
      {"e\u0301", "\u00E9"},
      {"D\u0323\u0307", "\u1E0C\u0307"},
      {"D\u0307\u0323", "\u1E0C\u0307"},
      {"\u1E0A\u0323", "\u1E0C\u0307"},
      {"\u212B", "\u00C5"},
      {"\u0344", "\u0308\u0301"},
      {"\u0915\u093C", "\u0915\u093C"},
      {"\u1100\u1161\u11A8", "\uAC01"},
      {"\uAC00\u11A8", "\uAC01"},
      {"\u0301e", "\u0301e"},
      {"a\u0300\u0301\u0315\u0300\u05AE\u0062",
       "\u00E0\u05AE\u0301\u0300\u0315\u0062"},
      {"Vie\u0323\u0302t", "Vi\u1EC7t"},
      {"e\xFF\u0301", "e\xFF\u0301"},
      {"\U0001F600e\u0301", "\U0001F600\u00E9"},
  };
  for (auto [text, expected] : cases) {
    compose_nfc(text);
    BOOST_TEST(text == expected);
  }
}

BOOST_AUTO_TEST_CASE(qwen2_reads_decomposed_text_as_composed) {
  const auto tokens = tokenizer::from_folder("tests/data/tokenizers/qwen2");
  BOOST_TEST(tokens.encode("Vie\u0323\u0302t") == tokens.encode("Việt"));
}

BOOST_AUTO_TEST_CASE(normalizers_prepend_and_replace) {
  const auto tokens = open_json(json(replace_spaces));
  BOOST_TEST(tokens.encode("ab ab") == (ids{6, 6}));
  BOOST_TEST(tokens.encode("") == ids{});
  BOOST_TEST(tokens.decode(ids{6, 6}) == " ab ab");
}

BOOST_AUTO_TEST_CASE(merges_go_by_rank_and_not_by_length) {
  // "▁ a" comes before "a b": "▁ab" through "▁a", and "b▁" last of all.
  const auto tokens = open_json(json(replace_spaces));
  BOOST_TEST(tokens.encode("abb a") == (ids{6, 3, 4}));
  BOOST_TEST(tokens.encode("b ") == (ids{1, 11}));
}

BOOST_AUTO_TEST_CASE(unknown_characters_fall_back_to_bytes_or_fuse) {
  BOOST_TEST(open_json(json("", R"("byte_fallback": true, )")).encode("aéa")
             == (ids{2, 7, 8, 2}));
  BOOST_TEST(open_json(json("", R"("byte_fallback": true, )")).encode("aßßa")
             == (ids{2, 0, 0, 2}));
  BOOST_TEST(open_json(json("", R"("fuse_unk": true, )")).encode("aßßa")
             == (ids{2, 0, 2}));
}

BOOST_AUTO_TEST_CASE(metaspace_pretokenizer_prepends_once_and_cuts) {
  const auto with = [](const char* scheme) {
    return open_json(
        json(std::string(
                 R"("pre_tokenizer": {"type": "Metaspace", "replacement": "▁",
        "prepend_scheme": ")")
             + scheme + R"(", "split": true},
      "added_tokens": [{"id": 12, "content": "<x>", "special": true}])"));
  };
  BOOST_TEST(with("always").encode("ab ab") == (ids{6, 6}));
  BOOST_TEST(with("always").encode(" ab") == ids{6});
  BOOST_TEST(with("always").encode("ab<x>ab") == (ids{6, 12, 6}));
  BOOST_TEST(with("first").encode("ab<x>ab") == (ids{6, 12, 5}));
  BOOST_TEST(with("never").encode("ab<x>ab") == (ids{5, 12, 5}));
  // Cut before the mark, so "b▁" cannot arise.
  BOOST_TEST(with("never").encode("b a") == (ids{3, 4}));
}

BOOST_AUTO_TEST_CASE(splits_behave_as_they_are_named) {
  const auto with = [](const std::string& behavior) {
    return open_json(json(
        R"("pre_tokenizer": {"type": "Split", "pattern": {"String": "1"},
         "behavior": ")"
        + behavior + R"(", "invert": false})"));
  };
  BOOST_TEST(with("Isolated").encode("ab11ab") == (ids{5, 9, 9, 5}));
  BOOST_TEST(with("Contiguous").encode("ab11ab") == (ids{5, 10, 5}));
  BOOST_TEST(with("Removed").encode("ab11ab") == (ids{5, 5}));
  BOOST_TEST(with("MergedWithPrevious").encode("ab11ab") == (ids{5, 9, 9, 5}));
  BOOST_TEST(with("MergedWithNext").encode("ab11ab") == (ids{5, 9, 9, 5}));
}

BOOST_AUTO_TEST_CASE(digits_are_cut_one_by_one_or_as_runs) {
  const auto with = [](const char* individual) {
    return open_json(json(std::string(R"("pre_tokenizer": {"type": "Digits",
                     "individual_digits": )")
                          + individual + "}"));
  };
  BOOST_TEST(with("true").encode("a11") == (ids{2, 9, 9}));
  BOOST_TEST(with("false").encode("a11") == (ids{2, 10}));
}

BOOST_AUTO_TEST_CASE(added_tokens_strip_and_stand_alone_as_they_say) {
  const auto with = [](const std::string& flags) {
    return open_json(
        json(R"("added_tokens": [{"id": 12, "content": "<x>", "special": true)"
             + flags + "}]"));
  };
  BOOST_TEST(with("").encode("a <x> a") == (ids{2, 0, 12, 0, 2}));
  BOOST_TEST(with(R"(, "lstrip": true)").encode("a  <x> a")
             == (ids{2, 12, 0, 2}));
  BOOST_TEST(with(R"(, "rstrip": true)").encode("a <x>\u00A0 a")
             == (ids{2, 0, 12, 2}));
  const auto alone = with(R"(, "single_word": true)");
  BOOST_TEST(alone.encode("<x>") == ids{12});
  BOOST_TEST(alone.encode("a<x>").size() == 4u);
  BOOST_TEST(alone.encode("1 <x>.") == (ids{9, 0, 12, 0}));
}

BOOST_AUTO_TEST_CASE(normalized_added_tokens_are_found_in_normalized_text) {
  const auto tokens = open_json(json(replace_spaces + R"(, "added_tokens": [
      {"id": 12, "content": "a a", "normalized": true, "special": false}])"));
  // Its own text is normalized too: it begins with the mark.
  BOOST_TEST(tokens.encode("a a") == ids{12});
  BOOST_TEST(tokens.encode("aa a") == (ids{4, 2, 4}));
}

BOOST_AUTO_TEST_CASE(templates_and_the_config_add_bos_and_eos) {
  const std::string content = json(R"("added_tokens": [
      {"id": 12, "content": "<s>", "special": true},
      {"id": 13, "content": "</s>", "special": true}],
    "post_processor": {"type": "Sequence", "processors": [
      {"type": "ByteLevel"},
      {"type": "TemplateProcessing",
       "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                  {"Sequence": {"id": "A", "type_id": 0}}],
       "pair": [],
       "special_tokens": {"<s>": {"id": "<s>", "ids": [12],
                                  "tokens": ["<s>"]}}}]})");
  BOOST_TEST(open_json(content).encode("a") == (ids{12, 2}));
  const auto configured = [&](const std::string& flags) {
    const temporary_folder folder;
    folder.write("tokenizer.json", content);
    folder.write("tokenizer_config.json",
                 R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>")"
                     + flags + "}");
    return tokenizer::from_folder(folder.path());
  };
  BOOST_TEST(configured("").adds_bos());
  BOOST_TEST(*configured("").bos() == 12);
  BOOST_TEST(*configured("").eos() == 13);
  BOOST_TEST(configured(R"(, "add_bos_token": false)").encode("a") == ids{2});
  BOOST_TEST(configured(R"(, "add_bos_token": true)").encode("a")
             == (ids{12, 2}));
  BOOST_TEST(configured(R"(, "add_eos_token": true)").encode("a")
             == (ids{12, 2, 13}));
}

BOOST_AUTO_TEST_CASE(chat_templates_come_as_text_list_or_file) {
  const auto with = [](const std::string& config, bool file) {
    const temporary_folder folder;
    folder.write("tokenizer.json", json(""));
    folder.write("tokenizer_config.json", config);
    if (file)
      folder.write("chat_template.jinja", "from file");
    return tokenizer::from_folder(folder.path()).chat_template();
  };
  BOOST_TEST(with("{}", false) == "");
  BOOST_TEST(with(R"({"chat_template": "one"})", false) == "one");
  BOOST_TEST(with(R"({"chat_template": [
    {"name": "tool_use", "template": "two"},
    {"name": "default", "template": "three"}]})",
                  false)
             == "three");
  BOOST_TEST(with(R"({"chat_template": "one"})", true) == "from file");
}

BOOST_AUTO_TEST_CASE(byte_level_may_come_before_other_splits) {
  // As Falcon has it: what follows sees the spelled text.
  const auto tokens = open_json(R"({"model": {"type": "BPE",
    "vocab": {"Ġ": 0, "a": 1, "Ġa": 2, "1": 3, "11": 4, "111": 5, "Ġ1": 6},
    "merges": ["Ġ a", "1 1", "11 1", "Ġ 1"]},
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
      {"type": "Digits", "individual_digits": false},
      {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"},
       "behavior": "Isolated", "invert": false}]}})");
  BOOST_TEST(tokens.encode("a a 1111") == (ids{1, 2, 0, 5, 3}));
  BOOST_TEST(tokens.decode(ids{1, 2, 0, 5, 3}) == "a a 1111");
}

BOOST_AUTO_TEST_CASE(tinystories_round_trips_and_begins_as_it_says) {
  const auto tokens =
      tokenizer::from_folder("examples/models/tinystories-656k");
  BOOST_TEST(tokens.size() == 2048u);
  BOOST_TEST(tokens.adds_bos());
  BOOST_TEST(tokens.token_text(*tokens.bos()) == "<|start_story|>");
  BOOST_TEST(tokens.token_text(*tokens.eos()) == "<|end_story|>");
  auto texts =
      test::golden_texts("tests/data/tokenizers/ggml-vocab-falcon.gguf.inp");
  texts.push_back("Once upon a time, there was a little girl named Lily.");
  for (const auto& text : texts) {
    const auto out = tokens.encode(text);
    BOOST_TEST(out.front() == *tokens.bos());
    detokenizer shown(tokens);
    std::string whole;
    for (const auto id : out)
      whole += shown.push(id);
    // The vocabulary has no byte tokens: what it cannot spell is lost.
    if (std::find(out.begin(), out.end(), 0) == out.end())
      BOOST_TEST(whole + shown.finish() == text);
  }
}

BOOST_AUTO_TEST_CASE(tinystories_puts_no_unknown_token_into_plain_english) {
  const auto tokens =
      tokenizer::from_folder("examples/models/tinystories-656k");
  const auto out = tokens.encode("She loved to play outside in the park.");
  BOOST_TEST(std::count(out.begin(), out.end(), 0) == 0);
  BOOST_TEST(out.size() < 16u);
}
