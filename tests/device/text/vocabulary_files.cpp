// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "vocabulary_files.hpp"

#include "device/files/gguf.hpp"
#include "device/text/byte_alphabet.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace sluice::device::test {

namespace {

enum gguf_type : std::uint32_t {
  type_uint32 = 4,
  type_int32 = 5,
  type_float32 = 6,
  type_bool = 7,
  type_string = 8,
  type_array = 9,
};

void put_text(std::string& out, std::string_view text) {
  const std::uint64_t size = text.size();
  out.append(reinterpret_cast<const char*>(&size), sizeof size).append(text);
}

} // namespace

template <class number_type>
void gguf_metadata::put(number_type value) {
  pairs_.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void gguf_metadata::key(std::string_view name, std::uint32_t type) {
  put_text(pairs_, name);
  put(type);
  ++count_;
}

gguf_metadata& gguf_metadata::text(std::string_view name,
                                   std::string_view value) {
  key(name, type_string);
  put_text(pairs_, value);
  return *this;
}

gguf_metadata& gguf_metadata::number(std::string_view name,
                                     std::uint32_t value) {
  key(name, type_uint32);
  put(value);
  return *this;
}

gguf_metadata& gguf_metadata::flag(std::string_view name, bool value) {
  key(name, type_bool);
  put(static_cast<std::uint8_t>(value));
  return *this;
}

gguf_metadata& gguf_metadata::texts(std::string_view name,
                                    const std::vector<std::string>& values) {
  key(name, type_array);
  put(std::uint32_t{type_string});
  put(std::uint64_t{values.size()});
  for (const auto& value : values)
    put_text(pairs_, value);
  return *this;
}

gguf_metadata& gguf_metadata::numbers(std::string_view name,
                                      const std::vector<std::int32_t>& values) {
  key(name, type_array);
  put(std::uint32_t{type_int32});
  put(std::uint64_t{values.size()});
  for (const auto value : values)
    put(value);
  return *this;
}

gguf_metadata& gguf_metadata::floats(std::string_view name,
                                     const std::vector<float>& values) {
  key(name, type_array);
  put(std::uint32_t{type_float32});
  put(std::uint64_t{values.size()});
  for (const auto value : values)
    put(value);
  return *this;
}

std::string gguf_metadata::bytes() const {
  std::string file = "GGUF";
  const std::uint32_t version = 3;
  const std::uint64_t tensors = 0;
  file.append(reinterpret_cast<const char*>(&version), sizeof version);
  file.append(reinterpret_cast<const char*>(&tensors), sizeof tensors);
  file.append(reinterpret_cast<const char*>(&count_), sizeof count_);
  file += pairs_;
  file.resize((file.size() + 31) / 32 * 32); // the data section's alignment
  return file;
}

tokenizer gguf_metadata::open() const {
  const temporary_folder folder;
  return tokenizer::from_gguf(
      gguf_file::open(folder.write("vocabulary.gguf", bytes())));
}

gguf_metadata byte_level(const std::vector<std::string>& more,
                         const std::vector<std::string>& merges,
                         std::string_view pre) {
  std::vector<std::string> tokens;
  for (unsigned byte = 0; byte < 256; ++byte)
    tokens.emplace_back(spell_byte(static_cast<unsigned char>(byte)));
  tokens.insert(tokens.end(), more.begin(), more.end());
  gguf_metadata file;
  file.text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", pre)
      .texts("tokenizer.ggml.tokens", tokens)
      .texts("tokenizer.ggml.merges", merges);
  return file;
}

tokenizer open_json(std::string_view content) {
  const temporary_folder folder;
  folder.write("tokenizer.json", content);
  return tokenizer::from_folder(folder.path());
}

} // namespace sluice::device::test
