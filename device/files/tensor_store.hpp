// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The tensors of one model by role, whichever format holds them. Behind
// model_files, which adds opening and the config.
#pragma once

#include "device/files/gguf.hpp"
#include "device/files/model_config.hpp"
#include "device/files/model_files.hpp"
#include "device/files/safetensors.hpp"
#include "device/files/tensor_names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace sluice::device {

/// Owner of the mapped files; finds tensors through the table of names.
class tensor_store {
public:
  explicit tensor_store(gguf_file file);
  explicit tensor_store(safetensors_folder folder);

  const gguf_file* gguf() const noexcept {
    return std::get_if<gguf_file>(&files_);
  }

  /// The role's tensor, or empty. model_error when it is there with a wrong
  /// shape or type.
  std::optional<tensor_view> find(const model_config& config, tensor_role role,
                                  std::size_t layer, std::size_t expert) const;

  // As mapped_file's, of a tensor or a part of one.
  void expect(const tensor_view& tensor) const noexcept {
    std::visit([&](const auto& files) { files.expect(tensor); }, files_);
  }
  void read(std::span<std::byte> out, const std::byte* from) const {
    std::visit([&](const auto& files) { files.read(out, from); }, files_);
  }

  /// Rows of the token embedding; 0 if there is none.
  std::size_t vocabulary() const;

  /// The name that the file should have for the role, for messages.
  std::string expected_name(const model_config& config, tensor_role role,
                            std::size_t layer, std::size_t expert) const;

private:
  std::optional<tensor_view> stored(const std::string& name) const;
  std::string name_of(const tensor_place& place, std::size_t layer,
                      std::size_t expert) const;

  std::variant<gguf_file, safetensors_folder> files_;
  /// What names in a folder begin with instead of "model." and "lm_head.":
  /// models that also see images nest the text model.
  std::string model_prefix_ = "model.";
  std::string head_prefix_ = "lm_head.";
};

/// Totals over the tensors of a model, from check_tensors.
struct tensor_totals {
  std::uint64_t bytes = 0;
  std::uint64_t parameters = 0;
  dtype most_common = dtype::f32; ///< by elements
};

/// Looks every tensor of the config up. Throws one model_error, which begins
/// with `where`, with all that are missing or wrong (the first ten).
tensor_totals check_tensors(const tensor_store& store,
                            const model_config& config,
                            const std::string& where);

} // namespace sluice::device
