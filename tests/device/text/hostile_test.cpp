// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Broken and malicious vocabularies: every one is refused with a message that
// says where and what, and none crashes.
#include "device/files/gguf.hpp"
#include "device/files/model_files.hpp"
#include "device/text/regex.hpp"
#include "device/text/tokenizer.hpp"
#include "vocabulary_files.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice::device;
using test::byte_level;
using test::error_of;
using test::gguf_metadata;
using test::open_json;
using test::temporary_folder;

namespace {

/// The message holds all of `parts`.
void check_message(const std::string& message,
                   std::initializer_list<const char*> parts) {
  for (const char* part : parts)
    BOOST_TEST(message.find(part) != std::string::npos,
               "'" << part << "' is not in '" << message << "'");
}

void check_gguf(const gguf_metadata& file,
                std::initializer_list<const char*> parts) {
  const auto message = error_of([&] { file.open(); });
  check_message(message, {"vocabulary.gguf: "});
  check_message(message, parts);
}

void check_json(const std::string& content,
                std::initializer_list<const char*> parts) {
  const auto message = error_of([&] { open_json(content); });
  check_message(message, {"tokenizer.json: "});
  check_message(message, parts);
}

std::string bpe(const std::string& vocab, const std::string& merges,
                const std::string& stages = "") {
  return R"({"model": {"type": "BPE", "vocab": )" + vocab + R"(, "merges": )"
         + merges + "}" + stages + "}";
}

} // namespace

BOOST_AUTO_TEST_CASE(gguf_without_tokenizer_says_what_to_do) {
  check_gguf(gguf_metadata().text("general.architecture", "llama"),
             {"tokenizer.ggml.model is missing", "convert the model again"});
}

BOOST_AUTO_TEST_CASE(unknown_tokenizer_model_is_named) {
  check_gguf(gguf_metadata().text("tokenizer.ggml.model", "rwkv"),
             {"tokenizer.ggml.model is 'rwkv'", "'gpt2'", "'llama'"});
}

BOOST_AUTO_TEST_CASE(unknown_pretokenizer_is_named_with_the_known_ones) {
  check_gguf(byte_level({"ab"}, {"a b"}, "martian"),
             {"tokenizer.ggml.pre", "'martian'", "llama-bpe", "qwen2"});
}

BOOST_AUTO_TEST_CASE(missing_tokens_and_merges_are_refused) {
  const auto empty = [] {
    gguf_metadata file;
    file.text("tokenizer.ggml.model", "gpt2");
    return file;
  };
  check_gguf(empty(), {"tokenizer.ggml.tokens is missing"});
  check_gguf(empty().texts("tokenizer.ggml.tokens", {"a"}),
             {"tokenizer.ggml.merges is missing"});
  check_gguf(empty().number("tokenizer.ggml.tokens", 3),
             {"tokenizer.ggml.tokens"});
}

BOOST_AUTO_TEST_CASE(merges_of_unknown_tokens_are_refused_by_number) {
  check_gguf(
      byte_level({"ab"}, {"a b", "ab c"}),
      {"tokenizer.ggml.merges: merge 1 ('ab' + 'c')", "needs the token 'abc'"});
  check_gguf(byte_level({"ab"}, {"xy z"}), {"needs the token 'xy'"});
  check_gguf(byte_level({"ab"}, {"ab"}), {"'ab' is not two tokens"});
  check_gguf(byte_level({"ab"}, {""}), {"'' is not two tokens"});
}

BOOST_AUTO_TEST_CASE(arrays_of_other_lengths_are_refused) {
  check_gguf(byte_level({"ab"}, {"a b"})
                 .numbers("tokenizer.ggml.token_type", {1, 1, 3}),
             {"tokenizer.ggml.token_type has 3 entries for 257 tokens"});
  check_gguf(byte_level({"ab"}, {"a b"}).floats("tokenizer.ggml.scores", {1}),
             {"tokenizer.ggml.scores has 1 entries for 257 tokens"});
}

BOOST_AUTO_TEST_CASE(duplicate_tokens_are_refused_with_both_ids) {
  check_gguf(byte_level({"ab", "ab"}, {"a b"}),
             {"ids 256 and 257 are the same token 'ab'"});
}

BOOST_AUTO_TEST_CASE(special_ids_out_of_range_are_refused) {
  check_gguf(
      byte_level({"ab"}, {"a b"}).number("tokenizer.ggml.bos_token_id", 257),
      {"tokenizer.ggml.bos_token_id is 257", "only 257 tokens"});
}

BOOST_AUTO_TEST_CASE(sentencepiece_without_scores_is_refused) {
  check_gguf(gguf_metadata()
                 .text("tokenizer.ggml.model", "llama")
                 .texts("tokenizer.ggml.tokens", {"a"}),
             {"tokenizer.ggml.scores is missing"});
}

BOOST_AUTO_TEST_CASE(odd_token_texts_and_types_do_no_harm) {
  const auto tokens = byte_level({"", "", "日本", "\xff\xfe", "ab"}, {"a b"})
                          .numbers("tokenizer.ggml.token_type",
                                   [] {
                                     std::vector<std::int32_t> types(261, 1);
                                     types[256] = 3;
                                     types[258] = -7;
                                     types[259] = 2000000000;
                                     return types;
                                   }())
                          .open();
  BOOST_TEST(tokens.decode(tokens.encode("日本 ab")) == "日本 ab");
  BOOST_TEST(tokens.piece(257).empty());
}

BOOST_AUTO_TEST_CASE(folder_without_tokenizer_says_what_to_do) {
  const temporary_folder folder;
  const auto message = error_of([&] { tokenizer::from_folder(folder.path()); });
  check_message(message, {folder.path().c_str(), "has no tokenizer",
                          "tokenizer.json", "vocab.json and merges.txt"});
}

BOOST_AUTO_TEST_CASE(truncated_and_trailing_json_is_refused_with_its_byte) {
  const auto whole = bpe(R"({"a": 0, "b": 1, "ab": 2})", R"(["a b"])");
  BOOST_TEST(open_json(whole).size() == 3u);
  for (std::size_t size = 0; size < whole.size(); ++size)
    check_json(whole.substr(0, size), {"is not valid JSON", "at byte"});
  check_json(whole + "x", {"is not valid JSON"});
}

BOOST_AUTO_TEST_CASE(json_of_absurd_depth_is_refused) {
  check_json(std::string(1000000, '['), {"is not valid JSON"});
  std::string nested = R"({"type": "Digits"})";
  for (int i = 0; i < 40; ++i)
    nested = R"({"type": "Sequence", "pretokenizers": [)" + nested + "]}";
  check_json(bpe(R"({"a": 0})", "[]", R"(, "pre_tokenizer": )" + nested),
             {"is not valid JSON"});
}

BOOST_AUTO_TEST_CASE(json_of_the_wrong_shape_is_refused_by_field) {
  check_json("[]", {"must be an object"});
  check_json("{}", {"'model' is missing"});
  check_json(R"({"model": 3})", {"model must be an object"});
  check_json(R"({"model": {"type": "Unigram", "vocab": []}})",
             {"'Unigram' is not supported", "only BPE"});
  check_json(R"({"model": {"type": "BPE"}})", {"'vocab' is missing"});
  check_json(R"({"model": {"vocab": {"a": 0}}})", {"'merges' is missing"});
  check_json(bpe(R"({"a": -1})", "[]"), {"the id of token 'a'"});
  check_json(bpe(R"({"a": 1.5})", "[]"), {"the id of token 'a'"});
  check_json(bpe(R"({"a": 9000000000})", "[]"), {"the id of token 'a'"});
  check_json(bpe(R"({"a": 2000000000})", "[]"),
             {"token 'a' has id 2000000000, far beyond"});
  check_json(bpe(R"({"a": 0, "b": 0})", "[]"), {"id 0 is both 'a' and 'b'"});
  check_json(bpe(R"({"a": 0})", R"(["a b"])"),
             {"merge 0 ('a' + 'b') needs the token 'b'"});
  check_json(bpe(R"({"a": 0})", R"([["a"]])"), {"a merge must have two parts"});
  check_json(bpe(R"({"a": 0})", R"([3])"), {"a merge must be a string"});
  check_json(bpe(R"({"a": 0})", "[]", R"(, "added_tokens": [{"id": 0,
               "content": "z"}])"),
             {"id 0 is both 'a' and 'z'"});
  check_json(bpe(R"({"a": 0})", "[]", R"(, "added_tokens": [{"id": 1,
               "content": "a"}])"),
             {"ids 0 and 1 are the same token 'a'"});
}

BOOST_AUTO_TEST_CASE(unknown_stages_are_refused_by_name) {
  const auto with = [](const std::string& stage) {
    return bpe(R"({"a": 0})", "[]", ", " + stage);
  };
  check_json(with(R"("normalizer": {"type": "Precompiled"})"),
             {"normalizer of type 'Precompiled' is not supported"});
  check_json(with(R"("pre_tokenizer": {"type": "BertPreTokenizer"})"),
             {"pre_tokenizer of type 'BertPreTokenizer'"});
  check_json(with(R"("post_processor": {"type": "BertProcessing"})"),
             {"post_processor of type 'BertProcessing'"});
  check_json(with(R"("pre_tokenizer": {"type": "Split", "behavior": "Eaten",
                     "pattern": {"String": " "}})"),
             {"behavior 'Eaten' is not known"});
  check_json(with(R"("pre_tokenizer": {"type": "Split",
                     "pattern": {"Regex": "(a"}})"),
             {"pattern '(a'", "at byte 2"});
  check_json(with(R"("post_processor": {"type": "TemplateProcessing",
    "single": [{"SpecialToken": {"id": "x"}}],
    "special_tokens": {"x": {"ids": [77]}}})"),
             {"'x' has id 77, which is no token"});
}

BOOST_AUTO_TEST_CASE(a_pattern_that_explodes_ends_in_an_error) {
  const auto tokens = open_json(
      bpe(R"({"a": 0, "b": 1})", "[]",
          R"(, "pre_tokenizer": {"type": "Split", "behavior": "Isolated",
             "pattern": {"Regex": "(?:a+)+$"}})"));
  const auto message =
      error_of([&] { tokens.encode(std::string(5000, 'a') + "b"); });
  check_message(message, {"'(?:a+)+$' cannot be matched"});
}

BOOST_AUTO_TEST_CASE(random_damage_to_a_vocabulary_never_crashes) {
  const auto whole = byte_level({"ab", "<s>"}, {"a b"})
                         .number("tokenizer.ggml.bos_token_id", 257)
                         .flag("tokenizer.ggml.add_bos_token", true)
                         .bytes();
  const auto json = bpe(R"({"a": 0, "b": 1, "ab": 2})", R"(["a b"])",
                        R"(, "added_tokens": [{"id": 3, "content": "<s>",
                          "special": true}], "normalizer": null)");
  std::mt19937 random(3);
  const temporary_folder folder;
  for (int round = 0; round < 500; ++round) {
    auto damaged = round % 2 == 0 ? whole : json;
    for (int i = 0; i < 3; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto name = round % 2 == 0 ? "vocabulary.gguf" : "tokenizer.json";
    const auto path = folder.write(name, damaged);
    error_of([&] {
      const auto tokens = round % 2 == 0
                              ? tokenizer::from_gguf(gguf_file::open(path))
                              : tokenizer::from_folder(folder.path());
      tokens.decode(tokens.encode("ab <s> é\xff"));
    });
  }
}

BOOST_AUTO_TEST_CASE(
    vocabularies_that_the_embedding_does_not_match_are_refused) {
  // tinystories has 2048 rows; one token more than that is refused, one
  // added token more is left out.
  const temporary_folder folder;
  const std::filesystem::path source = "examples/models/tinystories-656k";
  for (const auto* name : {"config.json", "model.safetensors"})
    std::filesystem::copy_file(source / name, folder.path() / name);
  folder.write("tokenizer.json", bpe(R"({"a": 0, "b": 2048})", "[]"));
  const auto files = model_files::open(folder.path());
  check_message(error_of([&] { tokenizer::open(files); }),
                {"tokenizer.json: token 'b' has id 2048",
                 "the model's vocabulary is 2048"});
  folder.write("tokenizer.json",
               bpe(R"({"a": 0, "b": 1})", "[]",
                   R"(, "added_tokens": [{"id": 2048, "content": "<x>"}])"));
  const auto tokens = tokenizer::open(files);
  BOOST_TEST(tokens.size() == 2u);
  BOOST_TEST(!tokens.find("<x>"));
}
