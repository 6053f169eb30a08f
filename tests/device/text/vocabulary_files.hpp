// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Small vocabularies written to disk, right and wrong ones, for tests of the
// tokenizer's loaders.
#pragma once

#include "device/error.hpp"
#include "device/text/tokenizer.hpp"
#include "tests/device/temporary_folder.hpp"

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device::test {

using testing::temporary_folder;

/// Metadata of a GGUF file without tensors.
class gguf_metadata {
public:
  gguf_metadata& text(std::string_view key, std::string_view value);
  gguf_metadata& number(std::string_view key, std::uint32_t value);
  gguf_metadata& flag(std::string_view key, bool value);
  gguf_metadata& texts(std::string_view key,
                       const std::vector<std::string>& values);
  gguf_metadata& numbers(std::string_view key,
                         const std::vector<std::int32_t>& values);
  gguf_metadata& floats(std::string_view key, const std::vector<float>& values);

  std::string bytes() const;
  /// Writes the file to a temporary folder and opens its tokenizer.
  tokenizer open() const;

private:
  void key(std::string_view name, std::uint32_t type);
  template <class number_type>
  void put(number_type value);

  std::string pairs_;
  std::uint64_t count_ = 0;
};

/// Byte-level: the 256 byte tokens, then `more` as the file spells them. All
/// normal (write token_type for others); merges and pretokenizer as given.
gguf_metadata byte_level(const std::vector<std::string>& more,
                         const std::vector<std::string>& merges,
                         std::string_view pre = "gpt-2");

/// Opens a tokenizer.json of this content.
tokenizer open_json(std::string_view content);

/// The text of the model_error that `call` throws; "" if none.
template <class function>
std::string error_of(function call) {
  try {
    call();
  } catch (const model_error& error) {
    return error.what();
  }
  return {};
}

} // namespace sluice::device::test

namespace std {

/// Boost.Test prints ids with this.
inline ostream& operator<<(ostream& out, const vector<int32_t>& all) {
  for (const auto id : all)
    out << id << ' ';
  return out;
}

} // namespace std
