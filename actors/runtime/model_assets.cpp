// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/model_assets.hpp"

#include "device/error.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace sluice::actors {

namespace {

std::string text_of(const device::tokenizer& tokens,
                    std::optional<std::int32_t> id) {
  return id ? std::string{tokens.token_text(*id)} : std::string{};
}

// Fowler, Noll and Vo's FNV-1a, 64 bits.
class fingerprint {
public:
  void add(std::string_view bytes) {
    for (const unsigned char c : bytes)
      value_ = (value_ ^ c) * 0x100000001b3u;
  }

  std::string text() const {
    std::array<char, 32> out;
    const int n = std::snprintf(out.data(), out.size(), "fp_%016llx",
                                static_cast<unsigned long long>(value_));
    return {out.data(), static_cast<std::size_t>(n)};
  }

private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

// Of the weights the last norm alone is read: no two trainings share it, and
// reading all of a large file would keep the server from starting.
std::string fingerprint_of(const device::model_files& files,
                           const device::tokenizer& tokens,
                           const std::string& template_text) {
  fingerprint out;
  out.add(files.weight_format());
  out.add(std::to_string(files.weight_bytes()) + ","
          + std::to_string(files.parameters()) + ","
          + std::to_string(tokens.size()));
  const auto norm = files.require(device::tensor_role::output_norm);
  out.add({reinterpret_cast<const char*>(norm.data), norm.bytes()});
  out.add(template_text);
  return out.text();
}

std::string read_template(const std::filesystem::path& path) {
  std::ifstream file;
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    file.open(path, std::ios::binary);
  std::string text;
  if (file.is_open())
    text.assign(std::istreambuf_iterator<char>(file), {});
  if (text.empty())
    throw device::model_error("chat template '" + path.string()
                              + "' cannot be read, or is empty");
  return text;
}

} // namespace

std::shared_ptr<const model_assets>
model_assets::open(std::string name, const std::filesystem::path& path,
                   const std::filesystem::path& template_file) {
  auto files = device::model_files::open(path);
  auto tokens = device::tokenizer::open(files);
  auto bos = text_of(tokens, tokens.bos());
  auto eos = text_of(tokens, tokens.eos());
  std::optional<device::chat_template> chat;
  std::string chat_error;
  auto text = template_file.empty() ? tokens.chat_template()
                                    : read_template(template_file);
  if (text.empty()) {
    chat_error = "model '" + name + "' has no chat template";
  } else {
    try {
      chat.emplace(text);
    } catch (const device::model_error& e) {
      chat_error = "the chat template of model '" + name
                   + "' cannot be used: " + e.what();
      if (!template_file.empty()) // somebody's own, to be mended
        throw device::model_error(chat_error);
    }
  }
  auto print = fingerprint_of(files, tokens, text);
  auto out = std::make_shared<model_assets>(
      model_assets{std::move(name), std::move(files), std::move(tokens),
                   std::move(chat), std::move(chat_error), std::move(bos),
                   std::move(eos), std::move(text), std::move(print)});
  out->grammars =
      std::make_unique<device::grammar_cache>([&vocabulary = out->tokens] {
        return std::make_shared<const device::token_trie>(vocabulary);
      });
  return out;
}

} // namespace sluice::actors
