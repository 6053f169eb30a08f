// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Opens every model that lies in the repository and checks the numbers that
// the transformer will use.
#include "device/error.hpp"
#include "device/files/model_files.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>

using namespace sluice::device;

namespace {

model_files open_golden(const std::string& name) {
  return model_files::open("tests/data/goldens/" + name);
}

} // namespace

BOOST_AUTO_TEST_CASE(every_golden_opens_with_its_family) {
  const std::pair<const char*, family> goldens[] = {
      {"llama", family::llama},
      {"llama3-scaled", family::llama},
      {"mistral-window", family::mistral},
      {"mixtral", family::mixtral},
      {"qwen2", family::qwen2},
      {"qwen3", family::qwen3},
      {"qwen3-moe", family::qwen3_moe},
      {"gemma3", family::gemma3},
      {"phi3", family::phi3}};
  for (const auto& [name, arch] : goldens) {
    BOOST_TEST_CONTEXT(name) {
      const auto files = open_golden(name);
      const auto& c = files.config();
      BOOST_TEST((c.arch == arch));
      BOOST_TEST(c.title == name);
      BOOST_TEST(c.layers == 4);
      BOOST_TEST(c.width == 128);
      BOOST_TEST(c.heads == 8);
      BOOST_TEST(c.kv_heads == 4);
      BOOST_TEST(c.vocabulary == 512);
      BOOST_TEST(c.context == 256);
      BOOST_TEST(c.window.size() == 4);
      BOOST_TEST((c.rope.pairs == rope_pairs::halves));
      BOOST_TEST(c.bos == 1);
      BOOST_TEST(c.end_tokens == std::vector<std::int32_t>{2},
                 boost::test_tools::per_element());
      BOOST_TEST(files.weight_format() == "f32");
      BOOST_TEST(files.weight_bytes() == files.parameters() * 4);
      BOOST_TEST((files.gguf() == nullptr));
    }
  }
}

BOOST_AUTO_TEST_CASE(bundled_pair_opens_with_its_sizes) {
  struct expected {
    const char* path;
    std::uint32_t layers, width, heads, kv_heads, head_dim, ff_width;
    const char* format;
  };
  const expected files[] = {
      {"examples/models/edge-q8_0.gguf", 6, 256, 4, 2, 64, 768, "q8_0"},
      {"tests/data/models/edge-q4_k_m.gguf", 6, 256, 4, 2, 64, 768, "q4_k"},
      {"examples/models/cloud-q8_0.gguf", 8, 512, 8, 4, 64, 1536, "q8_0"},
      {"tests/data/models/cloud-q4_k_m.gguf", 8, 512, 8, 4, 64, 1536, "q4_k"}};
  for (const auto& file : files) {
    BOOST_TEST_CONTEXT(file.path) {
      const auto model = model_files::open(file.path);
      const auto& c = model.config();
      BOOST_TEST((c.arch == family::llama));
      BOOST_TEST(c.layers == file.layers);
      BOOST_TEST(c.width == file.width);
      BOOST_TEST(c.heads == file.heads);
      BOOST_TEST(c.kv_heads == file.kv_heads);
      BOOST_TEST(c.head_dim == file.head_dim);
      BOOST_TEST(c.ff_width == file.ff_width);
      BOOST_TEST(c.vocabulary == 8192);
      BOOST_TEST(c.context == 1024);
      BOOST_TEST(c.tied_embeddings);
      BOOST_TEST((c.rope.pairs == rope_pairs::adjacent));
      BOOST_TEST(c.rope.frequency_factors.empty());
      BOOST_TEST(c.attention_scale == 0.125f);
      BOOST_TEST(c.norm_epsilon == 1e-5f);
      BOOST_TEST(c.bos == 0);
      BOOST_TEST(c.end_tokens == std::vector<std::int32_t>{6},
                 boost::test_tools::per_element());
      BOOST_TEST(model.weight_format() == file.format);
      BOOST_REQUIRE(model.gguf() != nullptr);
      BOOST_TEST(model.gguf()->version() == 3);
    }
  }
}

BOOST_AUTO_TEST_CASE(stories260k_opens_with_its_sizes) {
  const auto model = model_files::open("examples/models/stories260k.gguf");
  const auto& c = model.config();
  BOOST_TEST(c.title == "stories260K");
  BOOST_TEST(c.layers == 5);
  BOOST_TEST(c.width == 64);
  BOOST_TEST(c.head_dim == 8);
  BOOST_TEST(c.ff_width == 172);
  BOOST_TEST(c.vocabulary == 512);
  BOOST_TEST(c.rope.dimensions == 8);
  BOOST_TEST(c.bos == 1);
  BOOST_TEST(c.end_tokens == std::vector<std::int32_t>{2},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tinystories_opens_from_an_older_config) {
  const auto model = model_files::open("examples/models/tinystories-656k");
  const auto& c = model.config();
  BOOST_TEST((c.arch == family::llama));
  BOOST_TEST(c.title == "tinystories-656k");
  BOOST_TEST(c.layers == 2);
  BOOST_TEST(c.width == 128);
  BOOST_TEST(c.head_dim == 16);
  BOOST_TEST(c.ff_width == 384);
  BOOST_TEST(c.vocabulary == 2048);
  BOOST_TEST(c.context == 512);
  BOOST_TEST(c.norm_epsilon == 1e-6f);
  BOOST_TEST(c.rope.theta == 10000.0f);
  BOOST_TEST(c.tied_embeddings);
  BOOST_TEST(model.weight_format() == "bf16");
}

BOOST_AUTO_TEST_CASE(version_1_file_is_refused_with_what_loads) {
  BOOST_CHECK_EXCEPTION(
      model_files::open(
          "tests/data/models/stories260k-gguf-v1-unsupported.gguf"),
      model_error, [](const model_error& error) {
        const std::string text = error.what();
        return text.find("GGUF version 1; versions 2 and 3 load") != text.npos;
      });
}
