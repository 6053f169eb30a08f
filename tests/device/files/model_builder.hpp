// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Makes small model files, right and wrong, for the tests of device/files. It
// writes whatever it is told to: it checks nothing.
#pragma once

#include "tests/device/temporary_folder.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::device::testing {

/// The bytes of a number, little-endian.
template <class T>
std::string raw(T value) {
  std::string bytes(sizeof(T), '\0');
  std::memcpy(bytes.data(), &value, sizeof(T));
  return bytes;
}

/// A GGUF string: length, then bytes.
std::string gguf_string(std::string_view text);

/// A GGUF file under construction.
class gguf_builder {
public:
  /// Adds a key with the GGUF type number and the value's bytes.
  gguf_builder& add(std::string_view key, std::uint32_t type,
                    std::string_view value);
  gguf_builder& add_uint(std::string_view key, std::uint32_t value);
  gguf_builder& add_float(std::string_view key, float value);
  gguf_builder& add_string(std::string_view key, std::string_view value);
  gguf_builder& add_strings(std::string_view key,
                            const std::vector<std::string>& values);
  gguf_builder& add_ints(std::string_view key,
                         const std::vector<std::int32_t>& values);
  /// Takes a key out again.
  gguf_builder& drop(std::string_view key);

  /// Adds a tensor; `shape` is outermost first. Its data follows the last
  /// one's, aligned.
  gguf_builder& add_tensor(std::string_view name,
                           const std::vector<std::uint64_t>& shape,
                           std::uint32_t type, std::string_view data);
  /// Adds an F32 tensor that counts up from 0 in steps of 1/1024.
  gguf_builder& add_f32(std::string_view name,
                        const std::vector<std::uint64_t>& shape);
  /// Adds a tensor's entry with any offset, and no data.
  gguf_builder& add_entry(std::string_view name,
                          const std::vector<std::uint64_t>& shape,
                          std::uint32_t type, std::uint64_t offset);
  gguf_builder& drop_tensor(std::string_view name);

  gguf_builder& set_version(std::uint32_t version);
  gguf_builder& set_counts(std::uint64_t tensors, std::uint64_t metadata);

  /// Sets general.alignment; before the first tensor. 32 without it.
  gguf_builder& set_alignment(std::uint32_t alignment);

  /// The file.
  std::string bytes() const;
  /// Where the tensor data starts in bytes().
  std::size_t data_start() const;

private:
  std::string head() const;

  std::uint32_t version_ = 3;
  std::size_t alignment_ = 32;
  bool own_counts_ = false;
  std::uint64_t tensor_count_ = 0;
  std::uint64_t metadata_count_ = 0;
  std::vector<std::pair<std::string, std::string>> metadata_;
  std::vector<std::pair<std::string, std::string>> entries_;
  std::string data_;
};

/// A whole GGUF Llama model: 1 layer, width 8, 2 heads, 1 key-value head, head
/// dimension 4, feed-forward 8, vocabulary 16, context 32. The alignment is
/// written down unless it is 32.
gguf_builder tiny_llama(std::uint32_t alignment = 32);

/// A safetensors file under construction.
class safetensors_builder {
public:
  /// Adds an F32 tensor of zeros.
  safetensors_builder& add(std::string_view name,
                           const std::vector<std::uint64_t>& shape);
  /// Adds a header member and data as they are.
  safetensors_builder& add_raw(std::string_view member, std::string_view data);
  std::string bytes() const;

private:
  std::string header_;
  std::string data_;
};

/// A safetensors file with that header and data.
std::string safetensors_of(std::string_view header, std::string_view data);

/// The tensors of tiny_folder_config, separate query, key and so on.
safetensors_builder tiny_folder_tensors();

/// config.json of the same sizes as tiny_llama. `extra` is a list of members
/// that comes last: Boost.JSON, as Python, takes the last of the same name.
std::string tiny_folder_config(std::string_view extra = {});

} // namespace sluice::device::testing
