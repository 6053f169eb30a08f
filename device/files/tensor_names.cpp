// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/tensor_names.hpp"

#include <array>

namespace sluice::device {

namespace {

using role = tensor_role;
using part = tensor_part;

constexpr auto places = std::to_array<tensor_place>({
    {role::token_embedding, part::whole, naming::all,
     "model.embed_tokens.weight", "token_embd.weight"},
    {role::output_norm, part::whole, naming::all, "model.norm.weight",
     "output_norm.weight"},
    {role::output, part::whole, naming::all, "lm_head.weight", "output.weight"},

    {role::attention_norm, part::whole, naming::all,
     "model.layers.{l}.input_layernorm.weight", "blk.{l}.attn_norm.weight"},
    {role::query, part::whole, naming::separate,
     "model.layers.{l}.self_attn.q_proj.weight", "blk.{l}.attn_q.weight"},
    {role::key, part::whole, naming::separate,
     "model.layers.{l}.self_attn.k_proj.weight", "blk.{l}.attn_k.weight"},
    {role::value, part::whole, naming::separate,
     "model.layers.{l}.self_attn.v_proj.weight", "blk.{l}.attn_v.weight"},
    {role::query, part::fused_query, naming::fused,
     "model.layers.{l}.self_attn.qkv_proj.weight", "blk.{l}.attn_qkv.weight"},
    {role::key, part::fused_key, naming::fused,
     "model.layers.{l}.self_attn.qkv_proj.weight", "blk.{l}.attn_qkv.weight"},
    {role::value, part::fused_value, naming::fused,
     "model.layers.{l}.self_attn.qkv_proj.weight", "blk.{l}.attn_qkv.weight"},
    {role::query_bias, part::whole, naming::separate,
     "model.layers.{l}.self_attn.q_proj.bias", "blk.{l}.attn_q.bias"},
    {role::key_bias, part::whole, naming::separate,
     "model.layers.{l}.self_attn.k_proj.bias", "blk.{l}.attn_k.bias"},
    {role::value_bias, part::whole, naming::separate,
     "model.layers.{l}.self_attn.v_proj.bias", "blk.{l}.attn_v.bias"},
    {role::attention_output, part::whole, naming::all,
     "model.layers.{l}.self_attn.o_proj.weight", "blk.{l}.attn_output.weight"},
    {role::attention_output_bias, part::whole, naming::all,
     "model.layers.{l}.self_attn.o_proj.bias", "blk.{l}.attn_output.bias"},
    {role::query_norm, part::whole, naming::all,
     "model.layers.{l}.self_attn.q_norm.weight", "blk.{l}.attn_q_norm.weight"},
    {role::key_norm, part::whole, naming::all,
     "model.layers.{l}.self_attn.k_norm.weight", "blk.{l}.attn_k_norm.weight"},

    {role::ff_norm, part::whole, naming::plain_norms,
     "model.layers.{l}.post_attention_layernorm.weight",
     "blk.{l}.ffn_norm.weight"},
    {role::ff_norm, part::whole, naming::post_norms,
     "model.layers.{l}.pre_feedforward_layernorm.weight",
     "blk.{l}.ffn_norm.weight"},
    {role::post_attention_norm, part::whole, naming::post_norms,
     "model.layers.{l}.post_attention_layernorm.weight",
     "blk.{l}.post_attention_norm.weight"},
    {role::post_ff_norm, part::whole, naming::post_norms,
     "model.layers.{l}.post_feedforward_layernorm.weight",
     "blk.{l}.post_ffw_norm.weight"},

    {role::gate, part::whole, naming::separate,
     "model.layers.{l}.mlp.gate_proj.weight", "blk.{l}.ffn_gate.weight"},
    {role::up, part::whole, naming::separate,
     "model.layers.{l}.mlp.up_proj.weight", "blk.{l}.ffn_up.weight"},
    {role::gate, part::first_half, naming::fused,
     "model.layers.{l}.mlp.gate_up_proj.weight", "blk.{l}.ffn_up.weight"},
    {role::up, part::second_half, naming::fused,
     "model.layers.{l}.mlp.gate_up_proj.weight", "blk.{l}.ffn_up.weight"},
    {role::down, part::whole, naming::all,
     "model.layers.{l}.mlp.down_proj.weight", "blk.{l}.ffn_down.weight"},
    {role::gate_bias, part::whole, naming::separate,
     "model.layers.{l}.mlp.gate_proj.bias", "blk.{l}.ffn_gate.bias"},
    {role::up_bias, part::whole, naming::separate,
     "model.layers.{l}.mlp.up_proj.bias", "blk.{l}.ffn_up.bias"},
    {role::down_bias, part::whole, naming::all,
     "model.layers.{l}.mlp.down_proj.bias", "blk.{l}.ffn_down.bias"},

    {role::expert_router, part::whole, naming::all,
     "model.layers.{l}.mlp.gate.weight", "blk.{l}.ffn_gate_inp.weight"},
    {role::expert_router, part::whole, naming::all,
     "model.layers.{l}.block_sparse_moe.gate.weight", ""},
    {role::expert_gate, part::whole, naming::all,
     "model.layers.{l}.mlp.experts.{e}.gate_proj.weight",
     "blk.{l}.ffn_gate.{e}.weight"},
    {role::expert_up, part::whole, naming::all,
     "model.layers.{l}.mlp.experts.{e}.up_proj.weight",
     "blk.{l}.ffn_up.{e}.weight"},
    {role::expert_down, part::whole, naming::all,
     "model.layers.{l}.mlp.experts.{e}.down_proj.weight",
     "blk.{l}.ffn_down.{e}.weight"},
    {role::expert_gate, part::whole, naming::all,
     "model.layers.{l}.block_sparse_moe.experts.{e}.w1.weight", ""},
    {role::expert_up, part::whole, naming::all,
     "model.layers.{l}.block_sparse_moe.experts.{e}.w3.weight", ""},
    {role::expert_down, part::whole, naming::all,
     "model.layers.{l}.block_sparse_moe.experts.{e}.w2.weight", ""},
    {role::expert_gate, part::expert, naming::all, "",
     "blk.{l}.ffn_gate_exps.weight"},
    {role::expert_up, part::expert, naming::all, "",
     "blk.{l}.ffn_up_exps.weight"},
    {role::expert_down, part::expert, naming::all,
     "model.layers.{l}.mlp.experts.down_proj", "blk.{l}.ffn_down_exps.weight"},
    {role::expert_gate, part::expert_first_half, naming::all,
     "model.layers.{l}.mlp.experts.gate_up_proj", ""},
    {role::expert_up, part::expert_second_half, naming::all,
     "model.layers.{l}.mlp.experts.gate_up_proj", ""},
    {role::expert_gate, part::expert_first_half, naming::all, "",
     "blk.{l}.ffn_gate_up_exps.weight"},
    {role::expert_up, part::expert_second_half, naming::all, "",
     "blk.{l}.ffn_gate_up_exps.weight"},
});

void replace(std::string& text, std::string_view mark, std::size_t number) {
  if (const auto at = text.find(mark); at != text.npos) {
    text.replace(at, mark.size(), std::to_string(number));
  }
}

presence present_if(bool condition) noexcept {
  return condition ? presence::always : presence::never;
}

} // namespace

std::span<const tensor_place> tensor_places() noexcept {
  return places;
}

bool applies(naming models, const model_config& config) noexcept {
  const bool fused = config.arch == family::phi3;
  switch (models) {
  case naming::all:
    return true;
  case naming::separate:
    return !fused;
  case naming::fused:
    return fused;
  case naming::plain_norms:
    return !config.post_norms;
  case naming::post_norms:
    return config.post_norms;
  }
  return false;
}

std::string fill_in(std::string_view pattern, std::size_t layer,
                    std::size_t expert) {
  std::string text{pattern};
  replace(text, "{l}", layer);
  replace(text, "{e}", expert);
  return text;
}

presence presence_of(tensor_role role, const model_config& config,
                     std::size_t layer) noexcept {
  const bool dense = config.experts == 0 || config.dense_layer[layer];
  switch (role) {
  case role::output:
    return present_if(!config.tied_embeddings);
  case role::query_norm:
  case role::key_norm:
    return present_if(config.qk_norm);
  case role::post_attention_norm:
  case role::post_ff_norm:
    return present_if(config.post_norms);
  case role::gate:
  case role::up:
  case role::down:
    return present_if(dense);
  case role::expert_router:
  case role::expert_gate:
  case role::expert_up:
  case role::expert_down:
    return present_if(!dense);
  case role::query_bias:
  case role::key_bias:
  case role::value_bias:
    return config.arch == family::qwen2 ? presence::always : presence::optional;
  case role::attention_output_bias:
    return presence::optional;
  case role::gate_bias:
  case role::up_bias:
  case role::down_bias:
    return dense ? presence::optional : presence::never;
  default:
    return presence::always;
  }
}

scope scope_of(tensor_role role) noexcept {
  switch (role) {
  case role::token_embedding:
  case role::output_norm:
  case role::output:
    return scope::model;
  case role::expert_gate:
  case role::expert_up:
  case role::expert_down:
    return scope::expert;
  default:
    return scope::layer;
  }
}

std::vector<std::size_t> role_shape(tensor_role role,
                                    const model_config& config) {
  const std::size_t width = config.width;
  const std::size_t ff = config.ff_width;
  const std::size_t expert_ff = config.expert_ff_width;
  const auto queries = std::size_t{config.heads} * config.head_dim;
  const auto keys = std::size_t{config.kv_heads} * config.head_dim;
  switch (role) {
  case role::token_embedding:
  case role::output:
    return {config.vocabulary, width};
  case role::query:
    return {queries, width};
  case role::key:
  case role::value:
    return {keys, width};
  case role::query_bias:
    return {queries};
  case role::key_bias:
  case role::value_bias:
    return {keys};
  case role::attention_output:
    return {width, queries};
  case role::query_norm:
  case role::key_norm:
    return {config.head_dim};
  case role::gate:
  case role::up:
    return {ff, width};
  case role::down:
    return {width, ff};
  case role::gate_bias:
  case role::up_bias:
    return {ff};
  case role::expert_router:
    return {config.experts, width};
  case role::expert_gate:
  case role::expert_up:
    return {expert_ff, width};
  case role::expert_down:
    return {width, expert_ff};
  default: // norms, and biases of the width
    return {width};
  }
}

std::vector<std::size_t> stored_shape(tensor_role role, tensor_part part,
                                      const model_config& config) {
  auto shape = role_shape(role, config);
  switch (part) {
  case part::whole:
    break;
  case part::fused_query:
  case part::fused_key:
  case part::fused_value:
    shape[0] =
        (config.heads + std::size_t{2} * config.kv_heads) * config.head_dim;
    break;
  case part::first_half:
  case part::second_half:
    shape[0] *= 2;
    break;
  case part::expert_first_half:
  case part::expert_second_half:
    shape[0] *= 2;
    [[fallthrough]];
  case part::expert:
    shape.insert(shape.begin(), config.experts);
    break;
  }
  return shape;
}

tensor_view cut(const tensor_view& stored, tensor_role role, tensor_part part,
                const model_config& config, std::size_t expert) {
  const auto rows = role_shape(role, config).front();
  const auto queries = std::size_t{config.heads} * config.head_dim;
  const auto keys = std::size_t{config.kv_heads} * config.head_dim;
  switch (part) {
  case part::whole:
    return stored;
  case part::fused_query:
  case part::first_half:
    return stored.row_slice(0, rows);
  case part::fused_key:
    return stored.row_slice(queries, rows);
  case part::fused_value:
    return stored.row_slice(queries + keys, rows);
  case part::second_half:
    return stored.row_slice(rows, rows);
  case part::expert:
    return stored.at(expert);
  case part::expert_first_half:
    return stored.at(expert).row_slice(0, rows);
  case part::expert_second_half:
    return stored.at(expert).row_slice(rows, rows);
  }
  return stored;
}

} // namespace sluice::device
