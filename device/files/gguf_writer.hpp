// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Writes GGUF v3 files (https://github.com/ggml-org/ggml/blob/master/docs/
// gguf.md) tensor by tensor, so that a file larger than memory can be made.
// Used to make models of a given shape; knows no model family.
#pragma once

#include "device/tensor/dtype.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

class gguf_writer {
public:
  void set(std::string_view key, std::uint32_t value);
  void set(std::string_view key, float value);
  void set(std::string_view key, std::string_view value);
  void set(std::string_view key, std::span<const std::int32_t> values);
  void set(std::string_view key, std::span<const std::string> values);

  /// Declares a tensor; `shape` is outermost first, its last dimension fills
  /// whole blocks of `type`.
  void declare(std::string name, std::vector<std::size_t> shape, dtype type);

  /// Bytes of all tensors.
  std::uint64_t data_bytes() const noexcept;

  /// Gives the next bytes of tensor `index`: whole blocks, in order.
  using source =
      std::function<void(std::size_t index, std::span<std::byte> out)>;
  /// Hears bytes written and bytes in all, after every piece.
  using progress = std::function<void(std::uint64_t, std::uint64_t)>;

  /// Writes the file beside `path` and moves it there when it is whole. Throws
  /// model_error with the system's reason when it cannot be written.
  void write(const std::filesystem::path& path, const source& fill,
             const progress& report = {}) const;

private:
  struct tensor {
    std::string name;
    std::vector<std::size_t> shape;
    dtype type;
    std::uint64_t bytes;
  };

  void add_key(std::string_view key, std::uint32_t type,
               std::string_view value);
  std::string head() const;

  std::string metadata_;
  std::uint64_t keys_ = 0;
  std::vector<tensor> tensors_;
};

} // namespace sluice::device
