// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/config_from_gguf.hpp"

#include "device/error.hpp"
#include "device/files/config_check.hpp"
#include "device/files/gguf_fields.hpp"
#include "device/files/rope_from_gguf.hpp"
#include "device/files/shown.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sluice::device {

namespace {

struct architecture {
  std::string_view name;
  family arch;
};

// Mistral's and Mixtral's files call themselves "llama".
constexpr std::array<architecture, 6> architectures{{
    {"llama", family::llama},
    {"qwen2", family::qwen2},
    {"qwen3", family::qwen3},
    {"qwen3moe", family::qwen3_moe},
    {"gemma3", family::gemma3},
    {"phi3", family::phi3},
}};

// Control tokens that end a turn, by their usual spellings.
constexpr std::array<std::string_view, 5> turn_ends{
    "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|eom_id|>"};

constexpr std::int64_t control_token = 3;

// Gemma 3: five layers with a window, then one without.
constexpr std::uint64_t gemma_window_pattern = 6;
// What llama.cpp takes for the 27B model, whose scale differs.
constexpr std::uint32_t gemma_27b_layers = 62;

/// Fills a config from metadata.
class reader {
public:
  reader(const gguf_file& file, const architecture& kind)
      : file_(file), fields_(file, kind.name) {
    config_.arch = kind.arch;
  }

  model_config read();

private:
  void read_sizes();
  void read_vocabulary();
  void read_experts();
  void read_scales();
  void read_windows();
  bool has_window(std::uint32_t layer) const;
  void read_tokens();

  const gguf_file& file_;
  gguf_fields fields_;
  model_config config_;
};

model_config reader::read() {
  const auto title = file_.find_string("general.name");
  config_.title = title ? std::string(*title) : file_.path().stem().string();
  read_sizes();
  read_vocabulary();
  read_experts();
  read_scales();
  rope_from_gguf(fields_, config_);
  read_windows();
  read_tokens();
  check(config_, file_.path().string());
  return std::move(config_);
}

void reader::read_sizes() {
  auto& c = config_;
  c.layers = fields_.count("block_count", max_layers);
  c.width = fields_.count("embedding_length", max_width);
  c.heads = fields_.count("attention.head_count", max_heads);
  c.kv_heads = fields_.count_or("attention.head_count_kv", max_heads, c.heads);
  c.head_dim =
      fields_.count_or("attention.key_length", max_head_dim, c.width / c.heads);
  if (fields_.count_or("attention.value_length", max_head_dim, c.head_dim)
      != c.head_dim) {
    fields_.fail("attention.value_length",
                 "differs from the key length, which is not supported");
  }
  c.context = fields_.count("context_length", max_context);
}

void reader::read_vocabulary() {
  const auto where = file_.path().string();
  const auto embedding = file_.find_tensor("token_embd.weight");
  const auto tokens = file_.find_strings("tokenizer.ggml.tokens").size();
  config_.vocabulary =
      checked_count(embedding ? embedding->shape.front() : tokens,
                    max_vocabulary, where, "the vocabulary's size");
  if (tokens > config_.vocabulary) {
    throw model_error(where + ": the tokenizer has " + std::to_string(tokens)
                      + " tokens, but token_embd.weight only "
                      + std::to_string(config_.vocabulary) + " rows");
  }
  config_.tied_embeddings = !file_.find_tensor("output.weight");
}

void reader::read_experts() {
  auto& c = config_;
  const auto experts = fields_.find_uint("expert_count").value_or(0);
  if (experts == 0 && c.arch != family::qwen3_moe) {
    c.ff_width = fields_.count("feed_forward_length", max_ff_width);
    return;
  }
  if (c.arch == family::llama) {
    c.arch = family::mixtral;
  } else if (c.arch != family::qwen3_moe) {
    fields_.fail("expert_count", "is for architectures with experts only");
  }
  c.experts = fields_.count("expert_count", max_experts);
  c.experts_used = fields_.count("expert_used_count", max_experts);
  if (c.arch == family::mixtral) {
    c.ff_width = fields_.count("feed_forward_length", max_ff_width);
    c.expert_ff_width = c.ff_width;
  } else {
    c.expert_ff_width =
        fields_.count("expert_feed_forward_length", max_ff_width);
    c.ff_width = fields_.count_or("feed_forward_length", max_ff_width,
                                  c.expert_ff_width);
  }
  c.dense_layer.resize(c.layers);
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    const auto block = "blk." + std::to_string(layer);
    c.dense_layer[layer] = !file_.find_tensor(block + ".ffn_gate_inp.weight")
                           && file_.find_tensor(block + ".ffn_gate.weight");
  }
}

void reader::read_scales() {
  auto& c = config_;
  c.norm_epsilon = fields_.number("attention.layer_norm_rms_epsilon");
  c.attention_scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim));
  c.qk_norm = c.arch == family::qwen3 || c.arch == family::qwen3_moe
              || c.arch == family::gemma3;
  c.final_softcap = fields_.number_or("final_logit_softcapping", 0.0);
  if (fields_.number_or("attn_logit_softcapping", 0.0) != 0.0f) {
    fields_.fail("attn_logit_softcapping", "is not supported");
  }
  if (c.arch == family::gemma3) {
    c.post_norms = true;
    c.act = activation::gelu_tanh;
    c.embedding_scale = std::sqrt(static_cast<float>(c.width));
    if (c.layers == gemma_27b_layers) {
      c.attention_scale = 1.0f
                          / std::sqrt(static_cast<float>(c.width)
                                      / static_cast<float>(c.heads));
    }
  }
}

void reader::read_windows() {
  auto& c = config_;
  c.window.assign(c.layers, 0);
  const auto window = fields_.find_uint("attention.sliding_window").value_or(0);
  if (window == 0 || window >= c.context) {
    return;
  }
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    if (has_window(layer)) {
      c.window[layer] = static_cast<std::uint32_t>(window);
    }
  }
}

bool reader::has_window(std::uint32_t layer) const {
  const auto pattern_key = fields_.key("attention.sliding_window_pattern");
  const auto* value = file_.find(pattern_key);
  if (value != nullptr) {
    if (const auto* list = std::get_if<std::vector<bool>>(value)) {
      return layer < list->size() && (*list)[layer];
    }
  }
  const auto implied =
      config_.arch == family::gemma3 ? gemma_window_pattern : 0;
  const auto pattern = file_.find_uint(pattern_key).value_or(implied);
  return pattern == 0 || (layer + 1) % pattern != 0;
}

void reader::read_tokens() {
  const auto id = [&](std::string_view name) -> std::int32_t {
    const auto value =
        file_.find_uint("tokenizer.ggml." + std::string(name) + "_token_id");
    constexpr auto most = std::numeric_limits<std::int32_t>::max();
    return value && *value <= most ? static_cast<std::int32_t>(*value) : -1;
  };
  config_.bos = id("bos");
  config_.end_tokens = {id("eos"), id("eot"), id("eom")};
  const auto tokens = file_.find_strings("tokenizer.ggml.tokens");
  const auto types = file_.find_ints("tokenizer.ggml.token_type");
  for (std::size_t i = 0; i < std::min(tokens.size(), types.size()); ++i) {
    if (types[i] == control_token
        && std::find(turn_ends.begin(), turn_ends.end(), tokens[i])
               != turn_ends.end()) {
      config_.end_tokens.push_back(static_cast<std::int32_t>(i));
    }
  }
  tidy_special_tokens(config_);
}

} // namespace

model_config config_from_gguf(const gguf_file& file) {
  const auto named = file.find_string("general.architecture");
  if (!named) {
    throw model_error(file.path().string()
                      + ": key \"general.architecture\" is missing");
  }
  const auto* kind =
      std::find_if(architectures.begin(), architectures.end(),
                   [&](const auto& known) { return known.name == *named; });
  if (kind == architectures.end()) {
    std::string supported;
    for (const auto& known : architectures) {
      supported += (supported.empty() ? "" : ", ") + std::string(known.name);
    }
    throw model_error(file.path().string() + ": the architecture "
                      + shown(*named)
                      + " is not supported; these are: " + supported);
  }
  return reader(file, *kind).read();
}

} // namespace sluice::device
