// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Models in the shapes that files of the wild have, made small: the families'
// GGUF keys and names, stacked experts, shards, names inside a wrapper.
#include "device/error.hpp"
#include "device/files/model_files.hpp"
#include "tests/device/files/model_builder.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace sluice::device;
using namespace sluice::device::testing;
using boost::test_tools::per_element;

namespace {

using windows = std::vector<std::uint32_t>;

/// tiny_llama's sizes under another architecture, with no tensor of a layer.
gguf_builder tiny(const std::string& architecture, std::uint32_t layers) {
  gguf_builder file;
  file.add_string("general.architecture", architecture)
      .add_uint(architecture + ".block_count", layers)
      .add_uint(architecture + ".embedding_length", 8)
      .add_uint(architecture + ".attention.head_count", 2)
      .add_uint(architecture + ".attention.head_count_kv", 1)
      .add_uint(architecture + ".feed_forward_length", 8)
      .add_uint(architecture + ".context_length", 32)
      .add_float(architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
  file.add_f32("token_embd.weight", {16, 8}).add_f32("output_norm.weight", {8});
  return file;
}

std::string block(std::uint32_t layer) {
  return "blk." + std::to_string(layer) + ".";
}

void add_attention(gguf_builder& file, std::uint32_t layer) {
  file.add_f32(block(layer) + "attn_norm.weight", {8})
      .add_f32(block(layer) + "attn_q.weight", {8, 8})
      .add_f32(block(layer) + "attn_k.weight", {4, 8})
      .add_f32(block(layer) + "attn_v.weight", {4, 8})
      .add_f32(block(layer) + "attn_output.weight", {8, 8})
      .add_f32(block(layer) + "ffn_norm.weight", {8});
}

void add_qk_norms(gguf_builder& file, std::uint32_t layer) {
  file.add_f32(block(layer) + "attn_q_norm.weight", {4})
      .add_f32(block(layer) + "attn_k_norm.weight", {4});
}

void add_dense(gguf_builder& file, std::uint32_t layer) {
  file.add_f32(block(layer) + "ffn_gate.weight", {8, 8})
      .add_f32(block(layer) + "ffn_up.weight", {8, 8})
      .add_f32(block(layer) + "ffn_down.weight", {8, 8});
}

model_files open(const gguf_builder& file) {
  const temporary_folder folder; // a mapping outlives its file's name
  return model_files::open(folder.write("model.gguf", file.bytes()));
}

/// First value of a tensor that add_f32 filled, times 1024: its place.
float first(const tensor_view& tensor) {
  return to_f32(tensor).front() * 1024.0f;
}

} // namespace

BOOST_AUTO_TEST_SUITE(small_models)

BOOST_AUTO_TEST_CASE(llama_rotates_adjacent_pairs_by_the_files_factors) {
  auto file = tiny_llama();
  file.add_tensor("rope_freqs.weight", {2}, 0, raw(1.0f) + raw(8.0f));
  const auto model = open(file);
  const auto& rope = model.config().rope;
  BOOST_TEST((rope.pairs == rope_pairs::adjacent));
  BOOST_TEST(rope.frequency_factors == (std::vector<float>{1.0f, 0.125f}),
             per_element());
}

BOOST_AUTO_TEST_CASE(linear_scaling_is_read_in_both_spellings) {
  for (const auto* key :
       {"llama.rope.scaling.factor", "llama.rope.scale_linear"}) {
    const auto model = open(tiny_llama().add_float(key, 4.0f));
    BOOST_TEST(model.config().rope.frequency_factors
                   == std::vector<float>(2, 0.25f),
               per_element());
  }
}

BOOST_AUTO_TEST_CASE(end_tokens_come_from_ids_and_control_tokens) {
  std::vector<std::string> tokens(16, "x");
  std::vector<std::int32_t> types(16, 1);
  tokens[9] = "<|im_end|>";
  types[9] = 3;
  tokens[10] = "<|eot_id|>"; // spelled so, but plain text
  const auto model = open(tiny_llama()
                              .add_strings("tokenizer.ggml.tokens", tokens)
                              .add_ints("tokenizer.ggml.token_type", types)
                              .add_uint("tokenizer.ggml.bos_token_id", 1)
                              .add_uint("tokenizer.ggml.eos_token_id", 2)
                              .add_uint("tokenizer.ggml.eot_token_id", 7));
  BOOST_TEST(model.config().bos == 1);
  BOOST_TEST(model.config().end_tokens == (std::vector<std::int32_t>{2, 7, 9}),
             per_element());
}

BOOST_AUTO_TEST_CASE(same_number_for_every_layer_may_be_a_list) {
  const auto model = open(tiny_llama()
                              .drop("llama.feed_forward_length")
                              .add_ints("llama.feed_forward_length", {8}));
  BOOST_TEST(model.config().ff_width == 8);
}

BOOST_AUTO_TEST_CASE(qwen2_needs_its_biases) {
  auto file = tiny("qwen2", 1);
  add_attention(file, 0);
  add_dense(file, 0);
  BOOST_CHECK_THROW(open(file), model_error);
  file.add_f32("blk.0.attn_q.bias", {8})
      .add_f32("blk.0.attn_k.bias", {4})
      .add_f32("blk.0.attn_v.bias", {4});
  const auto model = open(file);
  BOOST_TEST((model.config().rope.pairs == rope_pairs::halves));
  BOOST_TEST(model.require(tensor_role::key_bias).elements() == 4u);
}

BOOST_AUTO_TEST_CASE(mixtral_experts_may_be_single_or_stacked) {
  for (const bool stacked : {false, true}) {
    auto file = tiny_llama();
    for (const auto* part : {"gate", "up", "down"}) {
      const auto name = "blk.0.ffn_" + std::string(part);
      file.drop_tensor(name + ".weight");
      if (stacked) {
        file.add_f32(name + "_exps.weight", {2, 8, 8});
        continue;
      }
      file.add_f32(name + ".0.weight", {8, 8});
      file.add_f32(name + ".1.weight", {8, 8});
    }
    file.add_f32("blk.0.ffn_gate_inp.weight", {2, 8})
        .add_uint("llama.expert_count", 2)
        .add_uint("llama.expert_used_count", 1);
    const auto model = open(file);
    BOOST_TEST((model.config().arch == family::mixtral));
    BOOST_TEST(model.config().expert_ff_width == 8);
    BOOST_TEST(!model.config().dense_layer[0]);
    BOOST_TEST(model.require(tensor_role::expert_up, 0, 1).rows() == 8u);
    BOOST_TEST(first(model.require(tensor_role::expert_up, 0, 1))
               == (stacked ? 64.0f : 0.0f));
  }
}

BOOST_AUTO_TEST_CASE(qwen3_moe_knows_its_dense_layers_by_their_tensors) {
  auto file = tiny("qwen3moe", 2);
  add_attention(file, 0);
  add_qk_norms(file, 0);
  add_dense(file, 0);
  add_attention(file, 1);
  add_qk_norms(file, 1);
  file.add_f32("blk.1.ffn_gate_inp.weight", {4, 8})
      .add_f32("blk.1.ffn_gate_exps.weight", {4, 2, 8})
      .add_f32("blk.1.ffn_up_exps.weight", {4, 2, 8})
      .add_f32("blk.1.ffn_down_exps.weight", {4, 8, 2})
      .add_uint("qwen3moe.expert_count", 4)
      .add_uint("qwen3moe.expert_used_count", 2)
      .add_uint("qwen3moe.expert_feed_forward_length", 2);
  const auto model = open(file);
  BOOST_TEST((model.config().arch == family::qwen3_moe));
  BOOST_TEST(model.config().dense_layer == (std::vector<bool>{true, false}),
             per_element());
  BOOST_TEST(model.config().qk_norm);
  BOOST_TEST(model.find(tensor_role::gate, 0).has_value());
  BOOST_TEST(!model.find(tensor_role::gate, 1).has_value());
  BOOST_TEST(first(model.require(tensor_role::expert_down, 1, 3)) == 48.0f);
}

BOOST_AUTO_TEST_CASE(gemma3_gguf_has_its_pattern_and_no_norm_offset) {
  auto file = tiny("gemma3", 7);
  for (std::uint32_t layer = 0; layer < 7; ++layer) {
    add_attention(file, layer);
    add_qk_norms(file, layer);
    add_dense(file, layer);
    file.add_f32(block(layer) + "post_attention_norm.weight", {8})
        .add_f32(block(layer) + "post_ffw_norm.weight", {8});
  }
  file.add_uint("gemma3.attention.sliding_window", 8)
      .add_float("gemma3.rope.freq_base", 1e6f)
      .add_string("gemma3.rope.scaling.type", "linear")
      .add_float("gemma3.rope.scaling.factor", 8.0f);
  const auto model = open(file);
  const auto& c = model.config();
  BOOST_TEST(c.norm_offset == 0.0f);
  BOOST_TEST(c.embedding_scale == std::sqrt(8.0f));
  BOOST_TEST(c.attention_scale == 0.5f);
  BOOST_TEST((c.act == activation::gelu_tanh));
  BOOST_TEST(c.window == (windows{8, 8, 8, 8, 8, 0, 8}), per_element());
  BOOST_TEST(c.rope.theta == 1e6f);
  BOOST_TEST(c.rope.frequency_factors == std::vector<float>(2, 0.125f),
             per_element());
  BOOST_TEST(c.local_rope.theta == 1e4f);
  BOOST_TEST(c.local_rope.frequency_factors.empty());
}

BOOST_AUTO_TEST_CASE(phi3_gguf_is_cut_and_takes_the_long_factors) {
  auto file = tiny("phi3", 1);
  file.add_f32("output.weight", {16, 8})
      .add_f32("blk.0.attn_norm.weight", {8})
      .add_f32("blk.0.attn_qkv.weight", {16, 8})
      .add_f32("blk.0.attn_output.weight", {8, 8})
      .add_f32("blk.0.ffn_norm.weight", {8})
      .add_f32("blk.0.ffn_up.weight", {16, 8})
      .add_f32("blk.0.ffn_down.weight", {8, 8})
      .add_tensor("rope_factors_short.weight", {2}, 0, raw(1.0f) + raw(2.0f))
      .add_tensor("rope_factors_long.weight", {2}, 0, raw(4.0f) + raw(8.0f))
      .add_uint("phi3.rope.scaling.original_context_length", 16)
      .add_float("phi3.rope.scaling.attn_factor", 1.25f);
  const auto model = open(file);
  BOOST_TEST(model.config().rope.frequency_factors
                 == (std::vector<float>{0.25f, 0.125f}),
             per_element());
  BOOST_TEST(model.config().rope.attention_factor == 1.25f);
  BOOST_TEST(first(model.require(tensor_role::key)) == 64.0f);
  BOOST_TEST(first(model.require(tensor_role::value)) == 96.0f);
  BOOST_TEST(first(model.require(tensor_role::gate)) == 0.0f);
  BOOST_TEST(first(model.require(tensor_role::up)) == 64.0f);
}

BOOST_AUTO_TEST_CASE(folder_of_shards_opens) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config());
  const auto all = tiny_folder_tensors();
  folder.write("model-00001-of-00002.safetensors", all.bytes());
  safetensors_builder other;
  other.add("model.norm.weight", {8});
  folder.write("model-00002-of-00002.safetensors", other.bytes());
  std::string map;
  for (const std::string name :
       {"embed_tokens", "layers.0.input_layernorm", "layers.0.self_attn.q_proj",
        "layers.0.self_attn.k_proj", "layers.0.self_attn.v_proj",
        "layers.0.self_attn.o_proj", "layers.0.post_attention_layernorm",
        "layers.0.mlp.gate_proj", "layers.0.mlp.up_proj",
        "layers.0.mlp.down_proj"}) {
    map +=
        "\"model." + name + R"(.weight":"model-00001-of-00002.safetensors",)";
  }
  folder.write(
      "model.safetensors.index.json",
      R"({"metadata":{"total_size":1},"weight_map":{)" + map
          + R"("model.norm.weight":"model-00002-of-00002.safetensors"}})");
  const auto model = model_files::open(folder.path());
  BOOST_TEST(model.require(tensor_role::output_norm).elements() == 8u);
}

BOOST_AUTO_TEST_CASE(text_model_inside_a_wrapper_opens) {
  for (const std::string prefix :
       {"language_model.model.", "model.language_model."}) {
    const temporary_folder folder;
    folder.write("config.json", R"({"model_type":"gemma3","text_config":
      {"num_hidden_layers":1,"hidden_size":8,"num_attention_heads":2,
       "num_key_value_heads":1,"head_dim":4,"intermediate_size":8}})");
    safetensors_builder file;
    file.add(prefix + "embed_tokens.weight", {16, 8})
        .add(prefix + "norm.weight", {8});
    const auto layer = prefix + "layers.0.";
    for (const auto* norm :
         {"input_layernorm", "post_attention_layernorm",
          "pre_feedforward_layernorm", "post_feedforward_layernorm"}) {
      file.add(layer + norm + ".weight", {8});
    }
    file.add(layer + "self_attn.q_proj.weight", {8, 8})
        .add(layer + "self_attn.k_proj.weight", {4, 8})
        .add(layer + "self_attn.v_proj.weight", {4, 8})
        .add(layer + "self_attn.o_proj.weight", {8, 8})
        .add(layer + "self_attn.q_norm.weight", {4})
        .add(layer + "self_attn.k_norm.weight", {4})
        .add(layer + "mlp.gate_proj.weight", {8, 8})
        .add(layer + "mlp.up_proj.weight", {8, 8})
        .add(layer + "mlp.down_proj.weight", {8, 8})
        .add("vision_tower.weight", {64});
    folder.write("model.safetensors", file.bytes());
    const auto model = model_files::open(folder.path());
    BOOST_TEST(model.config().vocabulary == 16);
    BOOST_TEST(model.parameters() == 8u * 16 + 5 * 8 + 8 * 8 * 5 + 2 * 32 + 8);
  }
}

BOOST_AUTO_TEST_CASE(stacked_experts_of_a_folder_are_cut) {
  const temporary_folder folder;
  folder.write("config.json", tiny_folder_config(R"("model_type":"mixtral",
                 "num_local_experts":2,"num_experts_per_tok":1)"));
  auto file = tiny_folder_tensors();
  file.add("model.layers.0.mlp.gate.weight", {2, 8})
      .add("model.layers.0.mlp.experts.gate_up_proj", {2, 16, 8})
      .add("model.layers.0.mlp.experts.down_proj", {2, 8, 8});
  folder.write("model.safetensors", file.bytes());
  const auto model = model_files::open(folder.path());
  const auto gate = model.require(tensor_role::expert_gate, 0, 1);
  const auto up = model.require(tensor_role::expert_up, 0, 1);
  BOOST_TEST(gate.rows() == 8u);
  BOOST_TEST(up.data == gate.data + gate.bytes());
  BOOST_TEST(gate.data
             == model.require(tensor_role::expert_up, 0, 0).data
                    + gate.bytes());
}

BOOST_AUTO_TEST_CASE(absent_role_is_empty_and_required_one_is_named) {
  const auto model = open(tiny_llama());
  BOOST_TEST(!model.find(tensor_role::query_bias).has_value());
  BOOST_CHECK_EXCEPTION(model.require(tensor_role::query_bias), model_error,
                        [](const model_error& error) {
                          return std::string(error.what())
                                     .find("\"blk.0.attn_q.bias\" is missing")
                                 != std::string::npos;
                        });
}

BOOST_AUTO_TEST_SUITE_END()
