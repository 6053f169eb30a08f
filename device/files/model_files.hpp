// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A model on disk, whatever its format: a GGUF file or a Hugging Face folder.
// Gives the transformer one view of both: the config, and tensors by role.
// Fused and stacked tensors (Phi-3's qkv and gate_up, stacked experts) are
// already sliced into the plain roles, so no caller knows of them.
#pragma once

#include "device/files/content_id.hpp"
#include "device/files/gguf.hpp"
#include "device/files/model_config.hpp"
#include "device/tensor/tensor_view.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::device {

/// What a tensor is for. Shapes in terms of model_config; n x k means n
/// outputs.
enum class tensor_role : std::uint8_t {
  token_embedding,       ///< [vocabulary, width]
  output_norm,           ///< [width]
  output,                ///< [vocabulary, width]; the embedding when tied
  attention_norm,        ///< [width]
  query,                 ///< [heads * head_dim, width]
  key,                   ///< [kv_heads * head_dim, width]
  value,                 ///< [kv_heads * head_dim, width]
  query_bias,            ///< [heads * head_dim], optional
  key_bias,              ///< [kv_heads * head_dim], optional
  value_bias,            ///< [kv_heads * head_dim], optional
  attention_output,      ///< [width, heads * head_dim]
  attention_output_bias, ///< [width], optional
  query_norm,            ///< [head_dim], with qk_norm
  key_norm,              ///< [head_dim], with qk_norm
  post_attention_norm,   ///< [width], with post_norms
  ff_norm,               ///< [width]
  gate,                  ///< [ff_width, width]
  up,                    ///< [ff_width, width]
  down,                  ///< [width, ff_width]
  gate_bias,             ///< [ff_width], optional
  up_bias,               ///< [ff_width], optional
  down_bias,             ///< [width], optional
  post_ff_norm,          ///< [width], with post_norms
  expert_router,         ///< [experts, width]
  expert_gate,           ///< [expert_ff_width, width], per expert
  expert_up,             ///< [expert_ff_width, width], per expert
  expert_down,           ///< [width, expert_ff_width], per expert
};

/// An opened model. Move-only; tensor views live as long as it does.
class model_files {
public:
  /// Opens `path`: a .gguf file, or a folder with config.json and
  /// *.safetensors. Checks that every tensor the family needs is present with
  /// its shape. Throws model_error.
  static model_files open(const std::filesystem::path& path);

  ~model_files();
  model_files(model_files&&) noexcept;
  model_files& operator=(model_files&&) noexcept;

  const std::filesystem::path& path() const noexcept;
  const model_config& config() const noexcept;

  /// The tensor for `role`; `layer` and `expert` where the role has them.
  std::optional<tensor_view> find(tensor_role role, std::size_t layer = 0,
                                  std::size_t expert = 0) const;
  /// As find, but throws model_error with the name the file should have.
  tensor_view require(tensor_role role, std::size_t layer = 0,
                      std::size_t expert = 0) const;

  /// Hint: `tensor`, from find, will be read soon.
  void expect(const tensor_view& tensor) const noexcept;
  /// Copies out.size() bytes of a tensor from `from` on, which leaves this
  /// process's memory as it is. For any thread. Throws model_error when the
  /// file cannot be read.
  void read(std::span<std::byte> out, const std::byte* from) const;

  /// The GGUF file behind the model, or null for a folder.
  const gguf_file* gguf() const noexcept;

  /// Stands for the content of all files of the model. Reads them through at
  /// the first call (near 2 GB/s), for any thread.
  const content_id& identity() const;

  /// Weight bytes in the file, all tensors.
  std::uint64_t weight_bytes() const noexcept;
  /// Number of parameters, all tensors (tied ones once).
  std::uint64_t parameters() const noexcept;
  /// The most common weight format, for people ("q8_0").
  std::string_view weight_format() const noexcept;

private:
  struct impl;
  explicit model_files(std::unique_ptr<impl> state);
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::device
