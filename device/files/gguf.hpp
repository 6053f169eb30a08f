// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Reader of GGUF v2 and v3 model files
// (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Checks every
// count, offset and length against the file's size before use: a hostile file
// gets a model_error, never a crash. Knows no model family.
#pragma once

#include "device/files/mapped_file.hpp"
#include "device/tensor/tensor_view.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace sluice::device {

/// Metadata value; integers are widened, strings point into the file.
using gguf_value =
    std::variant<std::uint64_t, std::int64_t, double, bool, std::string_view,
                 std::vector<std::uint64_t>, std::vector<std::int64_t>,
                 std::vector<double>, std::vector<bool>,
                 std::vector<std::string_view>>;

/// A mapped GGUF file: metadata and tensor directory.
class gguf_file {
public:
  /// Maps and checks the file. Throws model_error naming the file, what was
  /// being read and the byte offset.
  static gguf_file open(const std::filesystem::path& path);

  const std::filesystem::path& path() const noexcept;
  std::uint32_t version() const noexcept;

  /// The value under `key`, or null.
  const gguf_value* find(std::string_view key) const;

  // Typed look-ups. Empty when the key is absent; model_error naming file, key
  // and both types when it holds something else. Any integer type will do for
  // an integer, and an integer will do for a float.
  std::optional<std::uint64_t> find_uint(std::string_view key) const;
  std::optional<double> find_float(std::string_view key) const;
  std::optional<bool> find_bool(std::string_view key) const;
  std::optional<std::string_view> find_string(std::string_view key) const;
  std::vector<std::string_view> find_strings(std::string_view key) const;
  std::vector<std::int64_t> find_ints(std::string_view key) const;
  std::vector<double> find_floats(std::string_view key) const;

  /// The tensor of that name (shape outermost first), or empty.
  std::optional<tensor_view> find_tensor(std::string_view name) const;
  /// All tensor names in file order.
  const std::vector<std::string>& tensor_names() const noexcept;

  // As mapped_file's, of a tensor or some of its rows.
  void expect(const tensor_view& tensor) const noexcept {
    file_.expect({tensor.data, tensor.bytes()});
  }
  void read(std::span<std::byte> out, const std::byte* from) const {
    file_.read(out, from);
  }

private:
  mapped_file file_;
  std::uint32_t version_ = 0;
  std::unordered_map<std::string, gguf_value> metadata_;
  std::unordered_map<std::string, tensor_view> tensors_;
  std::vector<std::string> names_;
};

} // namespace sluice::device
