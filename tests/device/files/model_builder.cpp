// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/device/files/model_builder.hpp"

#include <stdlib.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace sluice::device::testing {

namespace fs = std::filesystem;

namespace {

void pad(std::string& bytes, std::size_t alignment) {
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
}

template <class Pairs>
void drop_named(Pairs& pairs, std::string_view name) {
  std::erase_if(pairs, [&](const auto& pair) { return pair.first == name; });
}

std::uint64_t product(const std::vector<std::uint64_t>& shape) {
  std::uint64_t elements = 1;
  for (const auto dimension : shape) {
    elements *= dimension;
  }
  return elements;
}

std::string shape_json(const std::vector<std::uint64_t>& shape) {
  std::string text = "[";
  for (const auto dimension : shape) {
    text += (text.size() == 1 ? "" : ",") + std::to_string(dimension);
  }
  return text + "]";
}

} // namespace

std::string gguf_string(std::string_view text) {
  return raw(std::uint64_t{text.size()}) + std::string(text);
}

gguf_builder& gguf_builder::add(std::string_view key, std::uint32_t type,
                                std::string_view value) {
  metadata_.emplace_back(key,
                         gguf_string(key) + raw(type) + std::string(value));
  return *this;
}

gguf_builder& gguf_builder::add_uint(std::string_view key,
                                     std::uint32_t value) {
  return add(key, 4, raw(value));
}

gguf_builder& gguf_builder::add_float(std::string_view key, float value) {
  return add(key, 6, raw(value));
}

gguf_builder& gguf_builder::add_string(std::string_view key,
                                       std::string_view value) {
  return add(key, 8, gguf_string(value));
}

gguf_builder&
gguf_builder::add_strings(std::string_view key,
                          const std::vector<std::string>& values) {
  auto bytes = raw(std::uint32_t{8}) + raw(std::uint64_t{values.size()});
  for (const auto& value : values) {
    bytes += gguf_string(value);
  }
  return add(key, 9, bytes);
}

gguf_builder& gguf_builder::add_ints(std::string_view key,
                                     const std::vector<std::int32_t>& values) {
  auto bytes = raw(std::uint32_t{5}) + raw(std::uint64_t{values.size()});
  for (const auto value : values) {
    bytes += raw(value);
  }
  return add(key, 9, bytes);
}

gguf_builder& gguf_builder::drop(std::string_view key) {
  drop_named(metadata_, key);
  return *this;
}

gguf_builder& gguf_builder::add_tensor(std::string_view name,
                                       const std::vector<std::uint64_t>& shape,
                                       std::uint32_t type,
                                       std::string_view data) {
  pad(data_, alignment_);
  add_entry(name, shape, type, data_.size());
  data_ += data;
  return *this;
}

gguf_builder& gguf_builder::add_f32(std::string_view name,
                                    const std::vector<std::uint64_t>& shape) {
  std::string data;
  for (std::uint64_t i = 0; i < product(shape); ++i) {
    data += raw(static_cast<float>(i) / 1024.0f);
  }
  return add_tensor(name, shape, 0, data);
}

gguf_builder& gguf_builder::add_entry(std::string_view name,
                                      const std::vector<std::uint64_t>& shape,
                                      std::uint32_t type,
                                      std::uint64_t offset) {
  auto entry =
      gguf_string(name) + raw(static_cast<std::uint32_t>(shape.size()));
  for (auto dimension = shape.rbegin(); dimension != shape.rend();
       ++dimension) {
    entry += raw(*dimension);
  }
  entries_.emplace_back(name, entry + raw(type) + raw(offset));
  return *this;
}

gguf_builder& gguf_builder::drop_tensor(std::string_view name) {
  drop_named(entries_, name);
  return *this;
}

gguf_builder& gguf_builder::set_version(std::uint32_t version) {
  version_ = version;
  return *this;
}

gguf_builder& gguf_builder::set_alignment(std::uint32_t alignment) {
  alignment_ = alignment;
  return add_uint("general.alignment", alignment);
}

gguf_builder& gguf_builder::set_counts(std::uint64_t tensors,
                                       std::uint64_t metadata) {
  own_counts_ = true;
  tensor_count_ = tensors;
  metadata_count_ = metadata;
  return *this;
}

std::string gguf_builder::head() const {
  auto bytes = "GGUF" + raw(version_);
  bytes += raw(own_counts_ ? tensor_count_ : std::uint64_t{entries_.size()});
  bytes += raw(own_counts_ ? metadata_count_ : std::uint64_t{metadata_.size()});
  for (const auto& [key, entry] : metadata_) {
    bytes += entry;
  }
  for (const auto& [name, entry] : entries_) {
    bytes += entry;
  }
  pad(bytes, alignment_);
  return bytes;
}

std::string gguf_builder::bytes() const {
  return head() + data_;
}

std::size_t gguf_builder::data_start() const {
  return head().size();
}

gguf_builder tiny_llama(std::uint32_t alignment) {
  gguf_builder file;
  if (alignment != 32) {
    file.set_alignment(alignment);
  }
  file.add_string("general.architecture", "llama")
      .add_uint("llama.block_count", 1)
      .add_uint("llama.embedding_length", 8)
      .add_uint("llama.attention.head_count", 2)
      .add_uint("llama.attention.head_count_kv", 1)
      .add_uint("llama.feed_forward_length", 8)
      .add_uint("llama.context_length", 32)
      .add_float("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  file.add_f32("token_embd.weight", {16, 8})
      .add_f32("output_norm.weight", {8})
      .add_f32("blk.0.attn_norm.weight", {8})
      .add_f32("blk.0.attn_q.weight", {8, 8})
      .add_f32("blk.0.attn_k.weight", {4, 8})
      .add_f32("blk.0.attn_v.weight", {4, 8})
      .add_f32("blk.0.attn_output.weight", {8, 8})
      .add_f32("blk.0.ffn_norm.weight", {8})
      .add_f32("blk.0.ffn_gate.weight", {8, 8})
      .add_f32("blk.0.ffn_up.weight", {8, 8})
      .add_f32("blk.0.ffn_down.weight", {8, 8});
  return file;
}

safetensors_builder&
safetensors_builder::add(std::string_view name,
                         const std::vector<std::uint64_t>& shape) {
  const std::string data(product(shape) * 4, '\0');
  return add_raw("\"" + std::string(name) + R"(":{"dtype":"F32","shape":)"
                     + shape_json(shape) + R"(,"data_offsets":[)"
                     + std::to_string(data_.size()) + ","
                     + std::to_string(data_.size() + data.size()) + "]}",
                 data);
}

safetensors_builder& safetensors_builder::add_raw(std::string_view member,
                                                  std::string_view data) {
  header_ += header_.empty() ? "" : ",";
  header_ += member;
  data_ += data;
  return *this;
}

std::string safetensors_builder::bytes() const {
  return safetensors_of("{" + header_ + "}", data_);
}

std::string safetensors_of(std::string_view header, std::string_view data) {
  return raw(std::uint64_t{header.size()}) + std::string(header)
         + std::string(data);
}

safetensors_builder tiny_folder_tensors() {
  safetensors_builder file;
  const std::string layer = "model.layers.0.";
  file.add("model.embed_tokens.weight", {16, 8})
      .add("model.norm.weight", {8})
      .add(layer + "input_layernorm.weight", {8})
      .add(layer + "self_attn.q_proj.weight", {8, 8})
      .add(layer + "self_attn.k_proj.weight", {4, 8})
      .add(layer + "self_attn.v_proj.weight", {4, 8})
      .add(layer + "self_attn.o_proj.weight", {8, 8})
      .add(layer + "post_attention_layernorm.weight", {8})
      .add(layer + "mlp.gate_proj.weight", {8, 8})
      .add(layer + "mlp.up_proj.weight", {8, 8})
      .add(layer + "mlp.down_proj.weight", {8, 8});
  return file;
}

std::string tiny_folder_config(std::string_view extra) {
  std::string text = R"({"model_type":"llama","num_hidden_layers":1,
    "hidden_size":8,"num_attention_heads":2,"num_key_value_heads":1,
    "intermediate_size":8,"vocab_size":16,"max_position_embeddings":32,
    "rms_norm_eps":1e-5,"tie_word_embeddings":true)";
  text += extra.empty() ? "" : ",";
  return text + std::string(extra) + "}";
}

} // namespace sluice::device::testing
