// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Typed look-ups of the metadata keys under "<architecture>.", whose errors
// name the file and the whole key. Used by the readers of a GGUF model's
// config; knows no key.
#pragma once

#include "device/files/gguf.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::device {

/// Lives no longer than the file.
class gguf_fields {
public:
  gguf_fields(const gguf_file& file, std::string_view architecture);

  const gguf_file& file() const noexcept { return *file_; }
  const std::string& architecture() const noexcept { return architecture_; }
  /// The whole key for a suffix, as "llama.block_count".
  std::string key(std::string_view suffix) const;

  /// A number, or a list with one entry per layer if all are the same.
  std::optional<std::uint64_t> find_uint(std::string_view suffix) const;
  std::optional<double> find_number(std::string_view suffix) const;
  std::optional<std::string_view> find_string(std::string_view suffix) const;
  /// A number in [1, most], which must be there.
  std::uint32_t count(std::string_view suffix, std::uint64_t most) const;
  std::uint32_t count_or(std::string_view suffix, std::uint64_t most,
                         std::uint64_t otherwise) const;
  float number(std::string_view suffix) const;
  float number_or(std::string_view suffix, double otherwise) const;

  /// Throws model_error about the key.
  [[noreturn]] void fail(std::string_view suffix, std::string_view what) const;

private:
  const gguf_file* file_;
  std::string architecture_;
};

} // namespace sluice::device
