// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/random_model.hpp"

#include "device/error.hpp"
#include "device/files/random_blocks.hpp"
#include "device/files/random_vocabulary.hpp"

#include <cstring>
#include <string>
#include <vector>

namespace sluice::device {

namespace {

/// Formats of a file's matrices.
struct weight_mix {
  std::string_view name;
  dtype body;
  dtype output; ///< output matrix, and the embedding where it is the same
  dtype better; ///< value and down matrices of half of the layers
};

constexpr weight_mix mixes[] = {
    {"f32", dtype::f32, dtype::f32, dtype::f32},
    {"f16", dtype::f16, dtype::f16, dtype::f16},
    {"bf16", dtype::bf16, dtype::bf16, dtype::bf16},
    {"q8_0", dtype::q8_0, dtype::q8_0, dtype::q8_0},
    {"q4_0", dtype::q4_0, dtype::q6_k, dtype::q4_0},
    {"q4_k_m", dtype::q4_k, dtype::q6_k, dtype::q6_k},
    {"q5_k_m", dtype::q5_k, dtype::q6_k, dtype::q6_k},
    {"q6_k", dtype::q6_k, dtype::q6_k, dtype::q6_k},
};

const weight_mix& mix_named(std::string_view name) {
  for (const auto& mix : mixes)
    if (mix.name == name)
      return mix;
  throw model_error("unknown format '" + std::string{name} + "'; there are "
                    + std::string{random_model_formats});
}

// The first and the last eighth of the layers, and every third between.
bool is_better(std::uint32_t layer, std::uint32_t layers) {
  return layer < layers / 8 || layer >= 7 * layers / 8
         || (layer - layers / 8) % 3 == 2;
}

void check(const random_model_shape& s, const weight_mix& mix) {
  const auto refuse = [](const std::string& why) {
    throw model_error("no model has this shape: " + why);
  };
  for (const auto size :
       {s.width, s.ff_width, s.layers, s.heads, s.kv_heads, s.vocabulary})
    if (size == 0)
      refuse("every size must be at least 1");
  if (s.width % s.heads != 0 || s.width / s.heads % 2 != 0)
    refuse("a width of " + std::to_string(s.width) + " does not make "
           + std::to_string(s.heads) + " heads of even size");
  if (s.tokenizer && s.vocabulary < least_random_vocabulary)
    refuse("a tokenizer needs a vocabulary of at least "
           + std::to_string(least_random_vocabulary));
  if (s.heads % s.kv_heads != 0)
    refuse(std::to_string(s.heads) + " heads cannot share "
           + std::to_string(s.kv_heads) + " key-value heads");
  for (const auto type : {mix.body, mix.output, mix.better})
    for (const auto size : {s.width, s.ff_width})
      if (size % block_elements(type) != 0)
        refuse("a row of " + std::to_string(size) + " does not fill blocks of "
               + std::string{name(type)});
}

void add_tokenizer(gguf_writer& file, std::uint32_t size) {
  const auto made = make_random_vocabulary(size);
  file.set("tokenizer.ggml.model", std::string_view{"gpt2"});
  file.set("tokenizer.ggml.pre", std::string_view{"llama-bpe"});
  file.set("tokenizer.ggml.tokens", made.tokens);
  file.set("tokenizer.ggml.token_type", made.types);
  file.set("tokenizer.ggml.merges", made.merges);
  file.set("tokenizer.ggml.bos_token_id", made.bos);
  file.set("tokenizer.ggml.eos_token_id", made.eos);
  file.set("tokenizer.chat_template",
           std::string_view{"{{ bos_token }}{% for message in messages %}"
                            "{{ message['content'] }}{% endfor %}"});
}

void add_metadata(gguf_writer& file, const random_model_shape& s,
                  const weight_mix& mix) {
  file.set("general.architecture", std::string_view{"llama"});
  file.set("general.name", "random " + std::string{mix.name});
  file.set("llama.vocab_size", s.vocabulary);
  file.set("llama.context_length", s.context);
  file.set("llama.embedding_length", s.width);
  file.set("llama.block_count", s.layers);
  file.set("llama.feed_forward_length", s.ff_width);
  file.set("llama.rope.dimension_count", s.width / s.heads);
  file.set("llama.rope.freq_base", 500000.0f);
  file.set("llama.attention.head_count", s.heads);
  file.set("llama.attention.head_count_kv", s.kv_heads);
  file.set("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  if (s.tokenizer)
    add_tokenizer(file, s.vocabulary);
  else // llama.cpp's word for: there is none
    file.set("tokenizer.ggml.model", std::string_view{"no_vocab"});
}

/// Declares all tensors and says which are norms.
class tensor_list {
public:
  tensor_list(gguf_writer& file, const random_model_shape& s,
              const weight_mix& mix)
      : file_(file) {
    const std::size_t kv = std::size_t{s.width} / s.heads * s.kv_heads;
    matrix("token_embd", s.vocabulary, s.width, s.tied ? mix.output : mix.body);
    for (std::uint32_t i = 0; i < s.layers; ++i) {
      const auto layer = "blk." + std::to_string(i) + ".";
      const auto better = is_better(i, s.layers) ? mix.better : mix.body;
      norm(layer + "attn_norm", s.width);
      matrix(layer + "attn_q", s.width, s.width, mix.body);
      matrix(layer + "attn_k", kv, s.width, mix.body);
      matrix(layer + "attn_v", kv, s.width, better);
      matrix(layer + "attn_output", s.width, s.width, mix.body);
      norm(layer + "ffn_norm", s.width);
      matrix(layer + "ffn_gate", s.ff_width, s.width, mix.body);
      matrix(layer + "ffn_up", s.ff_width, s.width, mix.body);
      matrix(layer + "ffn_down", s.width, s.ff_width, better);
    }
    norm("output_norm", s.width);
    if (!s.tied)
      matrix("output", s.vocabulary, s.width, mix.output);
  }

  bool is_norm(std::size_t index) const { return norms_[index]; }
  dtype type(std::size_t index) const { return types_[index]; }
  std::size_t size() const { return types_.size(); }

private:
  void matrix(const std::string& name, std::size_t rows, std::size_t columns,
              dtype type) {
    file_.declare(name + ".weight", {rows, columns}, type);
    norms_.push_back(false);
    types_.push_back(type);
  }
  void norm(const std::string& name, std::size_t size) {
    file_.declare(name + ".weight", {size}, dtype::f32);
    norms_.push_back(true);
    types_.push_back(dtype::f32);
  }

  gguf_writer& file_;
  std::vector<bool> norms_;
  std::vector<dtype> types_;
};

void fill_with_ones(std::span<std::byte> out) {
  const float one = 1.0f;
  for (std::size_t i = 0; i < out.size(); i += sizeof one)
    std::memcpy(out.data() + i, &one, sizeof one);
}

} // namespace

void write_random_model(const std::filesystem::path& path,
                        const random_model_shape& shape,
                        std::string_view format, std::uint64_t seed,
                        const gguf_writer::progress& report) {
  const auto& mix = mix_named(format);
  check(shape, mix);
  gguf_writer file;
  add_metadata(file, shape, mix);
  const tensor_list tensors{file, shape, mix};
  std::vector<std::uint64_t> blocks(tensors.size()); // made so far
  file.write(
      path,
      [&](std::size_t index, std::span<std::byte> out) {
        if (tensors.is_norm(index))
          return fill_with_ones(out);
        const auto type = tensors.type(index);
        random_blocks(type, seed + index, blocks[index], out);
        blocks[index] += out.size() / block_bytes(type);
      },
      report);
}

} // namespace sluice::device
