// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/config_from_gguf.hpp"

#include "device/error.hpp"
#include "device/files/config_check.hpp"
#include "device/files/rope_scaling.hpp"
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

/// Metadata under "<architecture>.", and the config it fills.
class reader {
public:
  reader(const gguf_file& file, const architecture& kind)
      : file_(file), where_(file.path().string()), prefix_(kind.name) {
    config_.arch = kind.arch;
    prefix_ += '.';
  }

  model_config read();

private:
  std::string key(std::string_view suffix) const {
    return prefix_ + std::string(suffix);
  }
  std::optional<std::uint64_t> find_uint(std::string_view suffix) const;
  std::uint32_t count(std::string_view suffix, std::uint64_t most) const;
  std::uint32_t count_or(std::string_view suffix, std::uint64_t most,
                         std::uint64_t otherwise) const;
  float number_or(std::string_view suffix, double otherwise) const;

  void read_sizes();
  void read_vocabulary();
  void read_experts();
  void read_scales();
  void read_rope();
  void read_scaling(rope_config& rope) const;
  std::vector<float> tensor_factors(std::string_view name) const;
  void read_windows();
  bool has_window(std::uint32_t layer) const;
  void read_tokens();

  const gguf_file& file_;
  std::string where_;
  std::string prefix_;
  model_config config_;
};

model_config reader::read() {
  const auto title = file_.find_string("general.name");
  config_.title = title ? std::string(*title) : file_.path().stem().string();
  read_sizes();
  read_vocabulary();
  read_experts();
  read_scales();
  read_rope();
  read_windows();
  read_tokens();
  check(config_, where_);
  return std::move(config_);
}

/// A number, or a list with one entry per layer if all are the same.
std::optional<std::uint64_t> reader::find_uint(std::string_view suffix) const {
  const auto full = key(suffix);
  const auto* value = file_.find(full);
  if (value == nullptr
      || (!std::holds_alternative<std::vector<std::uint64_t>>(*value)
          && !std::holds_alternative<std::vector<std::int64_t>>(*value))) {
    return file_.find_uint(full);
  }
  const auto list = file_.find_ints(full);
  if (list.empty() || list.front() < 0
      || std::count(list.begin(), list.end(), list.front())
             != std::ssize(list)) {
    throw model_error(where_ + ": key \"" + full
                      + "\" differs between layers, which is not supported");
  }
  return static_cast<std::uint64_t>(list.front());
}

std::uint32_t reader::count(std::string_view suffix, std::uint64_t most) const {
  const auto value = find_uint(suffix);
  if (!value) {
    throw model_error(where_ + ": key \"" + key(suffix) + "\" is missing");
  }
  return checked_count(*value, most, where_, key(suffix));
}

std::uint32_t reader::count_or(std::string_view suffix, std::uint64_t most,
                               std::uint64_t otherwise) const {
  return checked_count(find_uint(suffix).value_or(otherwise), most, where_,
                       key(suffix));
}

float reader::number_or(std::string_view suffix, double otherwise) const {
  return static_cast<float>(file_.find_float(key(suffix)).value_or(otherwise));
}

void reader::read_sizes() {
  auto& c = config_;
  c.layers = count("block_count", max_layers);
  c.width = count("embedding_length", max_width);
  c.heads = count("attention.head_count", max_heads);
  c.kv_heads = count_or("attention.head_count_kv", max_heads, c.heads);
  c.head_dim =
      count_or("attention.key_length", max_head_dim, c.width / c.heads);
  if (count_or("attention.value_length", max_head_dim, c.head_dim)
      != c.head_dim) {
    throw model_error(where_ + ": key \"" + key("attention.value_length")
                      + "\" differs from the key length, which is not "
                        "supported");
  }
  c.context = count("context_length", max_context);
}

void reader::read_vocabulary() {
  const auto embedding = file_.find_tensor("token_embd.weight");
  const auto tokens = file_.find_strings("tokenizer.ggml.tokens").size();
  config_.vocabulary =
      checked_count(embedding ? embedding->shape.front() : tokens,
                    max_vocabulary, where_, "the vocabulary's size");
  if (tokens > config_.vocabulary) {
    throw model_error(where_ + ": the tokenizer has " + std::to_string(tokens)
                      + " tokens, but token_embd.weight only "
                      + std::to_string(config_.vocabulary) + " rows");
  }
  config_.tied_embeddings = !file_.find_tensor("output.weight");
}

void reader::read_experts() {
  auto& c = config_;
  const auto experts = find_uint("expert_count").value_or(0);
  if (experts == 0 && c.arch != family::qwen3_moe) {
    c.ff_width = count("feed_forward_length", max_ff_width);
    return;
  }
  if (c.arch == family::llama) {
    c.arch = family::mixtral;
  } else if (c.arch != family::qwen3_moe) {
    throw model_error(where_ + ": key \"" + key("expert_count")
                      + "\": this architecture has no experts");
  }
  c.experts = count("expert_count", max_experts);
  c.experts_used = count("expert_used_count", max_experts);
  if (c.arch == family::mixtral) {
    c.ff_width = count("feed_forward_length", max_ff_width);
    c.expert_ff_width = c.ff_width;
  } else {
    c.expert_ff_width = count("expert_feed_forward_length", max_ff_width);
    c.ff_width =
        count_or("feed_forward_length", max_ff_width, c.expert_ff_width);
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
  const auto epsilon_key = key("attention.layer_norm_rms_epsilon");
  const auto epsilon = file_.find_float(epsilon_key);
  if (!epsilon) {
    throw model_error(where_ + ": key \"" + epsilon_key + "\" is missing");
  }
  c.norm_epsilon = static_cast<float>(*epsilon);
  c.attention_scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim));
  c.qk_norm = c.arch == family::qwen3 || c.arch == family::qwen3_moe
              || c.arch == family::gemma3;
  c.final_softcap = number_or("final_logit_softcapping", 0.0);
  if (number_or("attn_logit_softcapping", 0.0) != 0.0f) {
    throw model_error(where_ + ": key \"" + key("attn_logit_softcapping")
                      + "\" is not supported");
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

void reader::read_rope() {
  auto& c = config_;
  rope_config plain;
  plain.theta = number_or("rope.freq_base", 10000.0);
  plain.dimensions = count_or("rope.dimension_count", max_head_dim, c.head_dim);
  const bool adjacent = prefix_ == "llama.";
  plain.pairs = adjacent ? rope_pairs::adjacent : rope_pairs::halves;
  c.rope = plain;
  read_scaling(c.rope);
  c.local_rope = c.rope;
  if (c.arch == family::gemma3) {
    c.local_rope = plain; // linear scaling is for full attention alone
    c.local_rope.theta = number_or("rope.freq_base_swa", 10000.0);
  }
}

void reader::read_scaling(rope_config& rope) const {
  const auto type = file_.find_string(key("rope.scaling.type"));
  const auto named = type.value_or("");
  const auto factor = file_.find_float(key("rope.scaling.factor"))
                          .value_or(number_or("rope.scale_linear", 1.0));
  if (named == "linear" || (named.empty() && factor != 1.0)) {
    rope.frequency_factors = linear_factors(rope.dimensions, factor);
  } else if (!named.empty() && named != "none" && named != "longrope") {
    throw model_error(where_ + ": rope scaling " + shown(named)
                      + " is not supported; linear, longrope and Llama 3's "
                        "factors are");
  }
  if (auto factors = tensor_factors("rope_freqs.weight"); !factors.empty()) {
    rope.frequency_factors = std::move(factors);
  }
  const auto original = find_uint("rope.scaling.original_context_length")
                            .value_or(config_.context);
  auto factors =
      tensor_factors(config_.context <= original ? "rope_factors_short.weight"
                                                 : "rope_factors_long.weight");
  if (!factors.empty()) {
    rope.frequency_factors = std::move(factors);
    rope.attention_factor = number_or("rope.scaling.attn_factor", 1.0);
  } else if (named == "longrope") {
    throw model_error(where_
                      + ": rope scaling \"longrope\" needs the tensors "
                        "rope_factors_short.weight and "
                        "rope_factors_long.weight");
  }
}

std::vector<float> reader::tensor_factors(std::string_view name) const {
  const auto tensor = file_.find_tensor(name);
  if (!tensor) {
    return {};
  }
  if (tensor->shape.size() != 1 || tensor->columns() > max_head_dim) {
    throw model_error(where_ + ": tensor \"" + std::string(name)
                      + "\" is not a short list of factors");
  }
  const auto divisors = to_f32(*tensor);
  return inverse({divisors.begin(), divisors.end()});
}

void reader::read_windows() {
  auto& c = config_;
  c.window.assign(c.layers, 0);
  const auto window = find_uint("attention.sliding_window").value_or(0);
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
  const auto pattern_key = key("attention.sliding_window_pattern");
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
