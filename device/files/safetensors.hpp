// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Reader of safetensors files, one or several behind an index
// (https://github.com/huggingface/safetensors). Checks every length and offset
// against the file before use. Knows no model family.
#pragma once

#include "device/files/mapped_file.hpp"
#include "device/tensor/tensor_view.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::device {

/// One mapped safetensors file.
class safetensors_file {
public:
  /// Throws model_error naming the file and what is wrong.
  static safetensors_file open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept { return file_.path(); }

  /// The tensor of that name, or empty. model_error when it is there in a
  /// number format that does not load (only f32, f16, bf16 and i32 do).
  std::optional<tensor_view> find_tensor(std::string_view name) const;

  const mapped_file& file() const noexcept { return file_; }

private:
  mapped_file file_;
  std::unordered_map<std::string, tensor_view> tensors_;
  /// Names of tensors that do not load, with their number format.
  std::unordered_map<std::string, std::string> unsupported_;
};

/// The tensors of a model folder: model.safetensors, or the shards named by
/// model.safetensors.index.json.
class safetensors_folder {
public:
  static safetensors_folder open(const std::filesystem::path& folder);

  /// As safetensors_file::find_tensor.
  std::optional<tensor_view> find_tensor(std::string_view name) const;

  // As mapped_file's, of a tensor or some of its rows.
  void expect(const tensor_view& tensor) const noexcept {
    for (const auto& one : files_)
      one.file().expect({tensor.data, tensor.bytes()});
  }
  void read(std::span<std::byte> out, const std::byte* from) const {
    for (const auto& one : files_)
      if (one.file().contains({from, out.size()}))
        return one.file().read(out, from);
  }

private:
  void open_shards(const std::filesystem::path& index);

  std::vector<safetensors_file> files_;
  /// Tensor name to its file's place in files_; unused for a single file.
  std::unordered_map<std::string, std::size_t> shard_of_;
};

} // namespace sluice::device
