// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/config_from_json.hpp"

#include "device/error.hpp"
#include "device/files/config_check.hpp"
#include "device/files/json_fields.hpp"
#include "device/files/rope_from_json.hpp"
#include "device/files/shown.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace sluice::device {

namespace {

struct model_type {
  std::string_view name;
  family arch;
};

// "gemma3" is the wrapper that also sees images: its text model loads.
constexpr std::array<model_type, 9> model_types{{
    {"llama", family::llama},
    {"mistral", family::mistral},
    {"mixtral", family::mixtral},
    {"qwen2", family::qwen2},
    {"qwen3", family::qwen3},
    {"qwen3_moe", family::qwen3_moe},
    {"gemma3_text", family::gemma3},
    {"gemma3", family::gemma3},
    {"phi3", family::phi3},
}};

// What a nested text_config may leave out: Gemma 3's defaults.
struct gemma_default {
  std::string_view key;
  std::uint64_t value;
};

constexpr std::array<gemma_default, 11> gemma_defaults{{
    {"num_hidden_layers", 26},
    {"hidden_size", 2304},
    {"num_attention_heads", 8},
    {"num_key_value_heads", 4},
    {"head_dim", 256},
    {"intermediate_size", 9216},
    {"max_position_embeddings", 131072},
    {"query_pre_attn_scalar", 256},
    {"sliding_window", 4096},
    {"sliding_window_pattern", 6},
    {"vocab_size", 0}, // the embedding's size
}};

/// Fills a config from the fields of config.json.
class reader {
public:
  reader(const json_fields& fields, family arch) : fields_(fields) {
    config_.arch = arch;
  }

  model_config read();

private:
  bool gemma() const noexcept { return config_.arch == family::gemma3; }
  std::optional<std::uint64_t> find_uint(std::string_view key) const;
  std::uint32_t count(std::string_view key, std::uint64_t most) const;
  std::uint32_t count_or(std::string_view key, std::uint64_t most,
                         std::uint64_t otherwise) const;

  void read_sizes();
  void read_experts();
  void read_scales();
  void read_activation();
  void read_windows();
  bool has_window(std::uint32_t layer,
                  const std::vector<std::string_view>& types) const;

  const json_fields& fields_;
  model_config config_;
};

model_config reader::read() {
  read_sizes();
  read_experts();
  read_scales();
  read_activation();
  read_windows();
  config_.rope = rope_from_json(fields_, config_, attention_kind::full);
  config_.local_rope =
      gemma() ? rope_from_json(fields_, config_, attention_kind::window)
              : config_.rope;
  check(config_, fields_.where());
  return std::move(config_);
}

std::optional<std::uint64_t> reader::find_uint(std::string_view key) const {
  const auto value = fields_.find_uint(key);
  if (value || !gemma()) {
    return value;
  }
  const auto* known =
      std::find_if(gemma_defaults.begin(), gemma_defaults.end(),
                   [&](const auto& entry) { return entry.key == key; });
  return known == gemma_defaults.end() ? value : known->value;
}

std::uint32_t reader::count(std::string_view key, std::uint64_t most) const {
  const auto value = find_uint(key);
  if (!value) {
    fields_.fail(key, "is missing");
  }
  return checked_count(*value, most, fields_.where(), key);
}

std::uint32_t reader::count_or(std::string_view key, std::uint64_t most,
                               std::uint64_t otherwise) const {
  return checked_count(find_uint(key).value_or(otherwise), most,
                       fields_.where(), key);
}

void reader::read_sizes() {
  auto& c = config_;
  c.layers = count("num_hidden_layers", max_layers);
  c.width = count("hidden_size", max_width);
  c.heads = count("num_attention_heads", max_heads);
  c.kv_heads = count_or("num_key_value_heads", max_heads, c.heads);
  c.head_dim = count_or("head_dim", max_head_dim, c.width / c.heads);
  c.ff_width = count("intermediate_size", max_ff_width);
  c.context = count("max_position_embeddings", max_context);
  if (find_uint("vocab_size").value_or(0) != 0) {
    c.vocabulary = count("vocab_size", max_vocabulary);
  }
  c.tied_embeddings =
      fields_.find_bool("tie_word_embeddings").value_or(gemma());
}

void reader::read_experts() {
  auto& c = config_;
  if (c.arch != family::mixtral && c.arch != family::qwen3_moe) {
    return;
  }
  const bool local = fields_.find("num_local_experts") != nullptr;
  c.experts = count(local ? "num_local_experts" : "num_experts", max_experts);
  c.experts_used = count("num_experts_per_tok", max_experts);
  c.dense_layer.assign(c.layers, false);
  if (c.arch == family::mixtral) {
    c.expert_ff_width = c.ff_width;
    return;
  }
  c.expert_ff_width = count("moe_intermediate_size", max_ff_width);
  c.normalize_experts = fields_.find_bool("norm_topk_prob").value_or(false);
  const auto step = count_or("decoder_sparse_step", max_layers, 1);
  const auto dense = fields_.find_uints("mlp_only_layers");
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    c.dense_layer[layer] =
        (layer + 1) % step != 0
        || std::find(dense.begin(), dense.end(), layer) != dense.end();
  }
}

void reader::read_scales() {
  auto& c = config_;
  c.norm_epsilon =
      static_cast<float>(fields_.find_number("rms_norm_eps").value_or(1e-6));
  c.qk_norm = c.arch == family::qwen3 || c.arch == family::qwen3_moe || gemma();
  c.attention_scale = 1.0f / std::sqrt(static_cast<float>(c.head_dim));
  if (fields_.find_number("attn_logit_softcapping").value_or(0.0) != 0.0) {
    fields_.fail("attn_logit_softcapping", "is not supported");
  }
  c.final_softcap = static_cast<float>(
      fields_.find_number("final_logit_softcapping").value_or(0.0));
  if (!gemma()) {
    return;
  }
  if (fields_.find_bool("use_bidirectional_attention").value_or(false)) {
    fields_.fail("use_bidirectional_attention", "is not supported");
  }
  c.post_norms = true;
  c.norm_offset = 1.0f;
  c.embedding_scale = std::sqrt(static_cast<float>(c.width));
  c.attention_scale = 1.0f
                      / std::sqrt(static_cast<float>(
                          fields_.find_number("query_pre_attn_scalar")
                              .value_or(static_cast<double>(
                                  *find_uint("query_pre_attn_scalar")))));
}

void reader::read_activation() {
  const auto* key = gemma() ? "hidden_activation" : "hidden_act";
  const auto act =
      fields_.find_string(key).value_or(gemma() ? "gelu_pytorch_tanh" : "silu");
  if (act == "gelu_pytorch_tanh") {
    config_.act = activation::gelu_tanh;
  } else if (act != "silu") {
    fields_.fail(key, shown(act)
                          + " is not supported; silu and gelu_pytorch_tanh "
                            "are");
  }
}

void reader::read_windows() {
  auto& c = config_;
  c.window.assign(c.layers, 0);
  const bool qwen = c.arch == family::qwen2 || c.arch == family::qwen3
                    || c.arch == family::qwen3_moe;
  const bool used =
      !qwen || fields_.find_bool("use_sliding_window").value_or(false);
  const bool never = c.arch == family::llama;
  const auto window =
      used && !never ? find_uint("sliding_window").value_or(0) : 0;
  const auto types = fields_.find_strings("layer_types");
  if (!types.empty() && types.size() != c.layers) {
    fields_.fail("layer_types", "has " + std::to_string(types.size())
                                    + " entries for " + std::to_string(c.layers)
                                    + " layers");
  }
  if (window == 0 || window >= c.context) {
    return;
  }
  for (std::uint32_t layer = 0; layer < c.layers; ++layer) {
    if (has_window(layer, types)) {
      c.window[layer] = static_cast<std::uint32_t>(window);
    }
  }
}

bool reader::has_window(std::uint32_t layer,
                        const std::vector<std::string_view>& types) const {
  if (!types.empty()) {
    if (types[layer] != "full_attention"
        && types[layer] != "sliding_attention") {
      fields_.fail("layer_types", shown(types[layer])
                                      + " is not supported; full_attention "
                                        "and sliding_attention are");
    }
    return types[layer] == "sliding_attention";
  }
  switch (config_.arch) {
  case family::gemma3:
    return (layer + 1) % count("sliding_window_pattern", max_layers) != 0;
  case family::qwen2:
  case family::qwen3: // the first max_window_layers look at everything
    return layer >= find_uint("max_window_layers").value_or(28);
  default:
    return true;
  }
}

/// One id or a list of ids.
std::vector<std::int32_t> read_ids(const json_fields& fields,
                                   std::string_view key) {
  const auto* value = fields.find(key);
  if (value == nullptr) {
    return {};
  }
  const auto ids = value->is_array()
                       ? fields.find_uints(key)
                       : std::vector<std::uint64_t>{*fields.find_uint(key)};
  std::vector<std::int32_t> result;
  for (const auto id : ids) {
    if (id > std::numeric_limits<std::int32_t>::max()) {
      fields.fail(key, "is not a token id");
    }
    result.push_back(static_cast<std::int32_t>(id));
  }
  return result;
}

void add_special_tokens(const json_fields& fields, model_config& config) {
  const auto ends = read_ids(fields, "eos_token_id");
  config.end_tokens.insert(config.end_tokens.end(), ends.begin(), ends.end());
  const auto starts = read_ids(fields, "bos_token_id");
  if (config.bos < 0 && !starts.empty()) {
    config.bos = starts.front();
  }
}

family family_of(const json_fields& fields) {
  const auto named = fields.find_string("model_type");
  if (!named) {
    fields.fail("model_type", "is missing");
  }
  const auto* known =
      std::find_if(model_types.begin(), model_types.end(),
                   [&](const auto& entry) { return entry.name == *named; });
  if (known == model_types.end()) {
    std::string supported;
    for (const auto& entry : model_types) {
      supported += (supported.empty() ? "" : ", ") + std::string(entry.name);
    }
    fields.fail("model_type",
                shown(*named) + " is not supported; these are: " + supported);
  }
  return known->arch;
}

} // namespace

model_config config_from_json(const std::filesystem::path& folder) {
  const auto path = folder / "config.json";
  const auto object = read_json_object(path);
  const json_fields outer(object, path.string());
  const auto arch = family_of(outer);
  if (outer.find("quantization_config") != nullptr) {
    outer.fail("quantization_config",
               "is not supported in folders; quantized models load as GGUF");
  }
  const auto text = outer.find_object("text_config");
  auto config = reader(text ? *text : outer, arch).read();
  config.title = std::filesystem::weakly_canonical(folder).filename().string();
  add_special_tokens(outer, config);
  if (text) {
    add_special_tokens(*text, config);
  }
  std::error_code ignored;
  const auto generation = folder / "generation_config.json";
  if (std::filesystem::exists(generation, ignored)) {
    const auto extra = read_json_object(generation);
    add_special_tokens(json_fields(extra, generation.string()), config);
  }
  return config;
}

} // namespace sluice::device
