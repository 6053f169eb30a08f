// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the transformer needs to know of a model besides its weights: one struct
// for every family, filled from GGUF metadata or from config.json. Knows no
// tensor and no kernel.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Model families that load. Llama covers 2 and 3.x.
enum class family : std::uint8_t {
  llama,
  mistral,
  mixtral,
  qwen2,
  qwen3,
  qwen3_moe,
  gemma3,
  phi3,
};

std::string_view name(family value) noexcept;

enum class activation : std::uint8_t { silu, gelu_tanh };

/// Which elements of a head rotate together.
enum class rope_pairs : std::uint8_t {
  halves,   ///< (i, i + d/2): Hugging Face order, and most GGUF families
  adjacent, ///< (2i, 2i + 1): GGUF files of the llama family
};

/// Rotary position embedding of one attention type.
struct rope_config {
  float theta = 10000.0f;
  std::uint32_t dimensions = 0; ///< rotated elements of a head, even
  rope_pairs pairs = rope_pairs::halves;
  /// Multiplies each of the dimensions/2 frequencies 1/theta^(2i/d): linear
  /// and llama3 scaling, Phi-3's longrope. Empty: all 1.
  std::vector<float> frequency_factors;
  float attention_factor = 1.0f; ///< multiplies cos and sin (longrope)
};

/// Hyper-parameters of a decoder-only transformer.
struct model_config {
  family arch = family::llama;
  std::string title; ///< name from the file, else the file's name
  std::uint32_t layers = 0;
  std::uint32_t width = 0;    ///< hidden size
  std::uint32_t heads = 0;    ///< query heads
  std::uint32_t kv_heads = 0; ///< key and value heads, divides heads
  std::uint32_t head_dim = 0;
  std::uint32_t ff_width = 0; ///< of a dense feed-forward block
  std::uint32_t vocabulary = 0;
  std::uint32_t context = 0; ///< positions the model was trained for
  float norm_epsilon = 1e-5f;
  float norm_offset = 0.0f;     ///< added to norm weights: 1 for Gemma from HF
  float attention_scale = 0.0f; ///< multiplies q.k; 1/sqrt(head_dim) mostly
  float embedding_scale = 1.0f; ///< sqrt(width) for Gemma
  activation act = activation::silu;
  bool tied_embeddings = false;
  bool qk_norm = false;    ///< RMS norm per head on q and k
  bool post_norms = false; ///< Gemma: norms after attention and ff too
  rope_config rope;        ///< layers with full attention
  rope_config local_rope;  ///< layers with a window (same unless Gemma)
  /// Per layer: attends to the last `window[layer]` positions; 0: to all.
  std::vector<std::uint32_t> window;
  std::uint32_t experts = 0; ///< 0: dense
  std::uint32_t experts_used = 0;
  std::uint32_t expert_ff_width = 0;
  bool normalize_experts = true; ///< top-k router weights sum to 1
  /// Layers whose feed-forward block is dense although experts > 0.
  std::vector<bool> dense_layer;
  float final_softcap = 0.0f; ///< logits = cap * tanh(logits / cap); 0: off
  /// Ids the file gives; -1 if absent.
  std::int32_t bos = -1;
  std::vector<std::int32_t> end_tokens; ///< every id that ends a turn
};

} // namespace sluice::device
