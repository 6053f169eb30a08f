// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Real vocabularies against the ids that llama.cpp gives for them.
#include "device/files/gguf.hpp"
#include "device/text/tokenizer.hpp"
#include "golden_texts.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::device;
using test::golden_ids;
using test::golden_texts;
using test::read_file;

namespace {

const std::string folder = "tests/data/tokenizers/";

tokenizer from_file(const std::string& path) {
  return tokenizer::from_gguf(gguf_file::open(path));
}

void check_all_lines(const tokenizer& tokens, const std::string& name) {
  const auto texts = golden_texts(folder + name + ".gguf.inp");
  const auto expected = golden_ids(folder + name + ".gguf.out");
  BOOST_REQUIRE_EQUAL(texts.size(), expected.size());
  BOOST_REQUIRE_GT(texts.size(), 40u);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    BOOST_TEST_CONTEXT("text " << i << ": " << texts[i]) {
      const auto ids = tokens.encode(texts[i], {.add_special = false});
      BOOST_TEST(ids == expected[i], boost::test_tools::per_element());
      BOOST_TEST(tokens.decode(ids) == texts[i]);
    }
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(falcon_gives_the_expected_ids) {
  check_all_lines(from_file(folder + "ggml-vocab-falcon.gguf"),
                  "ggml-vocab-falcon");
}

BOOST_AUTO_TEST_CASE(gpt_2_gives_the_expected_ids) {
  check_all_lines(from_file(folder + "ggml-vocab-gpt-2.gguf"),
                  "ggml-vocab-gpt-2");
}

BOOST_AUTO_TEST_CASE(starcoder_gives_the_expected_ids) {
  check_all_lines(from_file(folder + "ggml-vocab-starcoder.gguf"),
                  "ggml-vocab-starcoder");
}

BOOST_AUTO_TEST_CASE(qwen2_from_vocab_and_merges_gives_the_expected_ids) {
  check_all_lines(tokenizer::from_folder(folder + "qwen2"), "ggml-vocab-qwen2");
}

BOOST_AUTO_TEST_CASE(gpt_neox_without_pretokenizer_opens_and_round_trips) {
  const auto tokens = from_file(folder + "ggml-vocab-gpt-neox.gguf");
  BOOST_TEST(tokens.size() == 50432u);
  for (const auto& text : golden_texts(folder + "ggml-vocab-falcon.gguf.inp"))
    BOOST_TEST(tokens.decode(tokens.encode(text)) == text);
  // User-defined tokens are found in text: 24 spaces are one.
  const auto ids = tokens.encode(std::string(24, ' '));
  BOOST_TEST(ids == std::vector<std::int32_t>{50254});
}

BOOST_AUTO_TEST_CASE(prompts_of_the_trained_models_give_llama_cpp_s_ids) {
  const auto edge = from_file("examples/models/edge-q8_0.gguf");
  const auto cloud = from_file("examples/models/cloud-q8_0.gguf");
  const auto stories = from_file("examples/models/stories260k.gguf");
  BOOST_TEST(!edge.adds_bos());
  BOOST_TEST(stories.adds_bos());
  const auto goldens =
      boost::json::parse(read_file("tests/data/goldens/llama_cpp_greedy.json"))
          .as_object();
  BOOST_TEST(goldens.size() >= 7u);
  for (const auto& [name, entries] : goldens) {
    const auto& tokens = name.starts_with("edge")    ? edge
                         : name.starts_with("cloud") ? cloud
                                                     : stories;
    for (const auto& entry : entries.as_array()) {
      using ids = std::vector<std::int32_t>;
      const auto prompt =
          boost::json::value_to<std::string>(entry.at("prompt"));
      const auto text = boost::json::value_to<std::string>(entry.at("text"));
      BOOST_TEST_CONTEXT(name << ": " << prompt) {
        BOOST_TEST(tokens.encode(prompt)
                       == boost::json::value_to<ids>(entry.at("prompt_ids")),
                   boost::test_tools::per_element());
        BOOST_TEST(tokens.decode(boost::json::value_to<ids>(entry.at("ids")))
                   == text);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(gguf_and_tokenizer_json_of_one_model_agree) {
  const auto gguf = from_file("tests/data/models/edge-q4_k_m.gguf");
  const auto json = tokenizer::from_folder("tests/data/models/edge-tokenizer");
  BOOST_REQUIRE_EQUAL(gguf.size(), json.size());
  for (std::int32_t id = 0; id < static_cast<std::int32_t>(gguf.size()); ++id) {
    BOOST_REQUIRE_EQUAL(gguf.piece(id, true), json.piece(id, true));
    BOOST_REQUIRE_EQUAL(gguf.is_special(id), json.is_special(id));
  }
  BOOST_TEST(*gguf.bos() == *json.bos());
  BOOST_TEST(*gguf.eos() == *json.eos());
  BOOST_TEST(gguf.chat_template() == json.chat_template());
  auto texts = golden_texts(folder + "ggml-vocab-falcon.gguf.inp");
  for (const auto* path :
       {"tests/data/README.md", "examples/models/README.md",
        "examples/models/tinystories-656k/README.md", "LICENSE",
        "tests/data/templates/meta-llama-Llama-3.1-8B-Instruct.jinja"})
    texts.push_back(read_file(path));
  for (const auto& text : texts) {
    const auto ids = gguf.encode(text);
    BOOST_TEST(ids == json.encode(text), boost::test_tools::per_element());
    BOOST_TEST(gguf.decode(ids) == text);
  }
}
