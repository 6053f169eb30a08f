// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// config.json in the styles that model makers publish: the values a model's
// config gets from each.
#include "device/error.hpp"
#include "device/files/config_from_json.hpp"
#include "device/files/model_files.hpp"
#include "tests/device/files/model_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace sluice::device;
using namespace sluice::device::testing;
using boost::test_tools::per_element;
using boost::test_tools::tolerance;

namespace {

using windows = std::vector<std::uint32_t>;
using ids = std::vector<std::int32_t>;

model_config read(const std::string& config,
                  const std::string& generation = {}) {
  const temporary_folder folder;
  folder.write("config.json", config);
  if (!generation.empty()) {
    folder.write("generation_config.json", generation);
  }
  return config_from_json(folder.path());
}

/// The tiny Llama config with these members besides or instead.
model_config read_with(std::string_view members) {
  return read(tiny_folder_config(members));
}

} // namespace

BOOST_AUTO_TEST_SUITE(configs_from_json)

BOOST_AUTO_TEST_CASE(head_dim_may_be_absent_null_or_given) {
  BOOST_TEST(read_with("").head_dim == 4);
  BOOST_TEST(read_with(R"("head_dim":null)").head_dim == 4);
  BOOST_TEST(read_with(R"("head_dim":6)").head_dim == 6);
}

BOOST_AUTO_TEST_CASE(both_rope_styles_give_the_same) {
  const auto old = read_with(R"("rope_theta":500000.0,"rope_scaling":
    {"factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
     "original_max_position_embeddings":16,"rope_type":"llama3"})");
  const auto now = read_with(R"("rope_parameters":{"rope_theta":500000.0,
     "factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,
     "original_max_position_embeddings":16,"rope_type":"llama3"})");
  BOOST_TEST(old.rope.theta == 500000.0f);
  BOOST_TEST(now.rope.theta == 500000.0f);
  BOOST_REQUIRE(old.rope.frequency_factors.size() == 2u);
  BOOST_TEST(old.rope.frequency_factors == now.rope.frequency_factors,
             per_element());
}

BOOST_AUTO_TEST_CASE(linear_scaling_may_be_called_type) {
  const auto c = read_with(R"("rope_scaling":{"type":"linear","factor":4.0})");
  BOOST_TEST(c.rope.frequency_factors == std::vector<float>(2, 0.25f),
             per_element());
}

BOOST_AUTO_TEST_CASE(null_scaling_is_none) {
  BOOST_TEST(read_with(R"("rope_scaling":null)").rope.theta == 10000.0f);
}

BOOST_AUTO_TEST_CASE(longrope_takes_the_factors_of_its_context) {
  const std::string factors =
      R"("model_type":"phi3","rope_scaling":{"type":"su",
         "short_factor":[1.0,2.0],"long_factor":[4.0,8.0]},
         "original_max_position_embeddings":)";
  const auto within = read_with(factors + "32");
  BOOST_TEST(within.rope.frequency_factors == (std::vector<float>{1.0f, 0.5f}),
             per_element());
  BOOST_TEST(within.rope.attention_factor == 1.0f);
  const auto beyond = read_with(factors + "16");
  BOOST_TEST(beyond.rope.frequency_factors
                 == (std::vector<float>{0.25f, 0.125f}),
             per_element());
  // sqrt(1 + ln 2 / ln 16)
  BOOST_TEST(beyond.rope.attention_factor == std::sqrt(1.25f),
             tolerance(1e-6f));
}

BOOST_AUTO_TEST_CASE(part_of_a_head_may_rotate) {
  const auto c = read_with(
      R"("model_type":"phi3","head_dim":8,"partial_rotary_factor":0.75)");
  BOOST_TEST(c.rope.dimensions == 6);
}

BOOST_AUTO_TEST_CASE(llama_has_no_window) {
  BOOST_TEST(read_with(R"("sliding_window":8)").window == windows{0},
             per_element());
}

BOOST_AUTO_TEST_CASE(mistral_has_a_window_in_every_layer) {
  const std::string mistral =
      R"("model_type":"mistral","num_hidden_layers":3,"sliding_window":)";
  BOOST_TEST(read_with(mistral + "8").window == (windows{8, 8, 8}),
             per_element());
  BOOST_TEST(read_with(mistral + "null").window == (windows{0, 0, 0}),
             per_element());
  BOOST_TEST(read_with(mistral + "32").window == (windows{0, 0, 0}),
             per_element());
}

BOOST_AUTO_TEST_CASE(qwen_uses_its_window_only_when_told) {
  const std::string qwen = R"("model_type":"qwen2","num_hidden_layers":3,
    "sliding_window":8,"max_window_layers":2,"use_sliding_window":)";
  BOOST_TEST(read_with(qwen + "false").window == (windows{0, 0, 0}),
             per_element());
  BOOST_TEST(read_with(qwen + "true").window == (windows{0, 0, 8}),
             per_element());
}

BOOST_AUTO_TEST_CASE(layer_types_say_where_windows_are) {
  const auto c = read_with(R"("model_type":"qwen3","num_hidden_layers":2,
    "sliding_window":8,"use_sliding_window":true,
    "layer_types":["sliding_attention","full_attention"])");
  BOOST_TEST(c.window == (windows{8, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(older_gemma_has_full_attention_every_sixth_layer) {
  const auto c = read_with(R"("model_type":"gemma3_text",
    "num_hidden_layers":7,"sliding_window":8,"sliding_window_pattern":6,
    "rope_theta":1000000.0,"rope_local_base_freq":20000.0,
    "rope_scaling":{"factor":8.0,"rope_type":"linear"},
    "query_pre_attn_scalar":16,"head_dim":4,"final_logit_softcapping":30.0)");
  BOOST_TEST(c.window == (windows{8, 8, 8, 8, 8, 0, 8}), per_element());
  BOOST_TEST(c.rope.theta == 1e6f);
  BOOST_TEST(c.rope.frequency_factors == std::vector<float>(2, 0.125f),
             per_element());
  BOOST_TEST(c.local_rope.theta == 20000.0f);
  BOOST_TEST(c.local_rope.frequency_factors.empty());
  BOOST_TEST(c.attention_scale == 0.25f);
  BOOST_TEST(c.final_softcap == 30.0f);
}

BOOST_AUTO_TEST_CASE(gemma_inside_a_wrapper_has_its_defaults) {
  const auto c = read(R"({"model_type":"gemma3","eos_token_id":[1,106],
    "text_config":{"model_type":"gemma3_text","hidden_size":2560,
      "intermediate_size":10240,"num_hidden_layers":34,"sliding_window":1024,
      "rope_scaling":{"factor":8.0,"rope_type":"linear"}},
    "vision_config":{"hidden_size":1152}})");
  BOOST_TEST(c.heads == 8);
  BOOST_TEST(c.kv_heads == 4);
  BOOST_TEST(c.head_dim == 256);
  BOOST_TEST(c.context == 131072);
  BOOST_TEST(c.vocabulary == 0);
  BOOST_TEST(c.norm_epsilon == 1e-6f);
  BOOST_TEST(c.attention_scale == 1.0f / 16.0f);
  BOOST_TEST(c.tied_embeddings);
  BOOST_TEST(c.rope.theta == 1e6f);
  BOOST_TEST(c.local_rope.theta == 1e4f);
  BOOST_TEST(c.window[4] == 1024);
  BOOST_TEST(c.window[5] == 0);
  BOOST_TEST(c.end_tokens == (ids{1, 106}), per_element());
}

BOOST_AUTO_TEST_CASE(qwen3_moe_may_have_dense_layers) {
  const auto c = read_with(R"("model_type":"qwen3_moe","num_hidden_layers":4,
    "num_experts":8,"num_experts_per_tok":2,"moe_intermediate_size":16,
    "decoder_sparse_step":2,"mlp_only_layers":[3])");
  BOOST_TEST(c.dense_layer == (std::vector<bool>{true, false, true, true}),
             per_element());
  BOOST_TEST(c.expert_ff_width == 16);
  BOOST_TEST(c.ff_width == 8);
  BOOST_TEST(!c.normalize_experts);
}

BOOST_AUTO_TEST_CASE(end_tokens_of_both_files_are_joined) {
  const auto c =
      read(tiny_folder_config(R"("bos_token_id":3,"eos_token_id":[5,4])"),
           R"({"bos_token_id":9,"eos_token_id":7})");
  BOOST_TEST(c.bos == 3);
  BOOST_TEST(c.end_tokens == (ids{5, 4, 7}), per_element());
}

BOOST_AUTO_TEST_CASE(end_tokens_outside_the_vocabulary_are_dropped) {
  const temporary_folder folder;
  folder.write(
      "config.json",
      tiny_folder_config(R"("bos_token_id":16,"eos_token_id":[15,16,15])"));
  folder.write("model.safetensors", tiny_folder_tensors().bytes());
  const auto model = model_files::open(folder.path());
  BOOST_TEST(model.config().bos == -1);
  BOOST_TEST(model.config().end_tokens == ids{15}, per_element());
}

BOOST_AUTO_TEST_CASE(vocabulary_comes_from_the_embedding_if_not_given) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config(R"("vocab_size":null)"));
  folder.write("model.safetensors", tiny_folder_tensors().bytes());
  BOOST_TEST(model_files::open(folder.path()).config().vocabulary == 16);
}

BOOST_AUTO_TEST_SUITE_END()
