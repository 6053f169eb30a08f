// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Parser of a GGUF file's header, metadata and tensor directory; used by
// gguf_file alone. It trusts no number it reads.
#pragma once

#include "device/files/gguf.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::device {

/// What a GGUF file declares; views point into its bytes.
struct gguf_contents {
  std::uint32_t version = 0;
  std::unordered_map<std::string, gguf_value> metadata;
  std::unordered_map<std::string, tensor_view> tensors;
  std::vector<std::string> names; ///< of tensors, in file order
};

/// Reads one file front to back.
class gguf_parser {
public:
  /// `where` opens every error message.
  gguf_parser(std::span<const std::byte> bytes, std::string where);

  /// Throws model_error.
  gguf_contents parse();

private:
  struct tensor_entry {
    std::string name;
    tensor_view view;
    std::uint64_t offset = 0; ///< from the start of the tensor data
  };

  void read_header();
  void read_metadata_entry();
  gguf_value read_value(std::uint32_t type);
  gguf_value read_array();
  tensor_entry read_tensor_entry();
  void check_size(const tensor_view& view) const;
  void place_tensors(std::vector<tensor_entry> entries);
  std::uint64_t alignment() const;

  template <class T>
  T read(std::string_view what);
  std::string_view read_string(std::string_view what);
  template <class Wide, class T>
  std::vector<Wide> read_elements(std::uint64_t count);
  void need(std::uint64_t count, std::uint64_t element_bytes,
            std::string_view what) const;
  std::uint64_t remaining() const noexcept { return bytes_.size() - at_; }
  [[noreturn]] void fail(const std::string& what) const;

  std::span<const std::byte> bytes_;
  std::string where_;
  std::size_t at_ = 0;
  std::string reading_; ///< the key or tensor being read, for messages
  std::uint64_t tensor_count_ = 0;
  std::uint64_t metadata_count_ = 0;
  std::uint64_t array_elements_ = 0; ///< in all arrays so far
  gguf_contents contents_;
};

} // namespace sluice::device
