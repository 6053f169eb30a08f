// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Opens every model that lies in the repository and checks the numbers that
// the transformer will use.
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "device/files/safetensors.hpp"

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

BOOST_AUTO_TEST_CASE(goldens_differ_where_their_families_do) {
  const auto llama = open_golden("llama").config();
  BOOST_TEST(llama.head_dim == 16);
  BOOST_TEST(!llama.tied_embeddings);
  BOOST_TEST(llama.rope.frequency_factors.empty());
  BOOST_TEST(llama.attention_scale == 0.25f);
  BOOST_TEST(!llama.qk_norm);

  const auto mistral = open_golden("mistral-window").config();
  BOOST_TEST(mistral.window == std::vector<std::uint32_t>(4, 24),
             boost::test_tools::per_element());

  const auto qwen2 = open_golden("qwen2");
  BOOST_TEST(qwen2.require(tensor_role::query_bias).elements() == 128u);
  BOOST_TEST(qwen2.require(tensor_role::value_bias, 3).elements() == 64u);
  BOOST_TEST(qwen2.config().window == std::vector<std::uint32_t>(4, 0),
             boost::test_tools::per_element());

  const auto qwen3 = open_golden("qwen3");
  BOOST_TEST(qwen3.config().qk_norm);
  BOOST_TEST(qwen3.config().head_dim == 32);
  BOOST_TEST(qwen3.config().rope.theta == 1e6f);
  BOOST_TEST(qwen3.require(tensor_role::query_norm, 1).elements() == 32u);
}

BOOST_AUTO_TEST_CASE(llama3_scaling_stretches_long_waves_alone) {
  const auto config = open_golden("llama3-scaled").config();
  BOOST_TEST(config.tied_embeddings);
  const auto& factors = config.rope.frequency_factors;
  BOOST_REQUIRE(factors.size() == 8u);
  // Wavelengths 2 pi 500000^(i/8): 6.3, 32.4, 167, ... in a context of 64.
  BOOST_TEST(factors[0] == 1.0f);
  BOOST_TEST(factors[1] > 0.125f);
  BOOST_TEST(factors[1] < 1.0f);
  const double waves = 64.0 / (2.0 * M_PI * std::pow(500000.0, 0.125));
  const double smooth = (waves - 1.0) / 3.0;
  BOOST_TEST(factors[1] == (1.0 - smooth) / 8.0 + smooth,
             boost::test_tools::tolerance(1e-6));
  for (std::size_t i = 2; i < 8; ++i) {
    BOOST_TEST(factors[i] == 0.125f);
  }
}

BOOST_AUTO_TEST_CASE(experts_of_the_goldens_are_found_one_by_one) {
  const auto mixtral = open_golden("mixtral");
  BOOST_TEST(mixtral.config().experts == 4);
  BOOST_TEST(mixtral.config().experts_used == 2);
  BOOST_TEST(mixtral.config().expert_ff_width == 256);
  BOOST_TEST(mixtral.config().normalize_experts);
  BOOST_TEST(mixtral.require(tensor_role::expert_down, 3, 3).rows() == 128u);
  BOOST_TEST(!mixtral.find(tensor_role::gate, 0));

  const auto qwen = open_golden("qwen3-moe");
  BOOST_TEST(qwen.config().experts == 8);
  BOOST_TEST(qwen.config().expert_ff_width == 64);
  BOOST_TEST(qwen.config().normalize_experts);
  BOOST_TEST(qwen.config().dense_layer == std::vector<bool>(4, false),
             boost::test_tools::per_element());
  BOOST_TEST(qwen.require(tensor_role::expert_router, 2).rows() == 8u);
  BOOST_TEST(qwen.require(tensor_role::expert_up, 0, 7).rows() == 64u);
}

BOOST_AUTO_TEST_CASE(gemma_golden_has_what_only_gemma_has) {
  const auto model = open_golden("gemma3");
  const auto& c = model.config();
  BOOST_TEST(c.norm_offset == 1.0f);
  BOOST_TEST(c.embedding_scale == std::sqrt(128.0f));
  BOOST_TEST(c.attention_scale == 1.0f / std::sqrt(32.0f));
  BOOST_TEST((c.act == activation::gelu_tanh));
  BOOST_TEST(c.post_norms);
  BOOST_TEST(c.tied_embeddings);
  BOOST_TEST(c.rope.theta == 1e6f);
  BOOST_TEST(c.local_rope.theta == 1e4f);
  BOOST_TEST(c.window == (std::vector<std::uint32_t>{16, 16, 0, 16}),
             boost::test_tools::per_element());
  const auto ff = model.require(tensor_role::ff_norm);
  const auto post = model.require(tensor_role::post_attention_norm);
  BOOST_TEST(ff.data != post.data);
  BOOST_TEST(model.require(tensor_role::output).data
             == model.require(tensor_role::token_embedding).data);
}

BOOST_AUTO_TEST_CASE(fused_tensors_of_phi3_are_cut_in_order) {
  const auto model = open_golden("phi3");
  const auto query = model.require(tensor_role::query, 2);
  const auto key = model.require(tensor_role::key, 2);
  const auto value = model.require(tensor_role::value, 2);
  BOOST_TEST(query.rows() == 128u);
  BOOST_TEST(key.rows() == 64u);
  BOOST_TEST(key.data == query.data + query.bytes());
  BOOST_TEST(value.data == key.data + key.bytes());
  const auto gate = model.require(tensor_role::gate, 2);
  const auto up = model.require(tensor_role::up, 2);
  BOOST_TEST(gate.rows() == 256u);
  BOOST_TEST(up.data == gate.data + gate.bytes());
}

BOOST_AUTO_TEST_CASE(expected_values_of_a_golden_are_read) {
  const auto golden =
      safetensors_file::open("tests/data/goldens/llama/golden.safetensors");
  const auto ids = golden.find_tensor("input_ids");
  BOOST_REQUIRE(ids.has_value());
  BOOST_TEST((ids->type == dtype::i32));
  BOOST_TEST(ids->elements() == 48u);
  BOOST_TEST(golden.find_tensor("logits")->columns() == 512u);
  BOOST_TEST(!golden.find_tensor("nothing"));
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
