// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/model_assets.hpp"

#include "device/error.hpp"

namespace sluice::actors {

namespace {

std::string text_of(const device::tokenizer& tokens,
                    std::optional<std::int32_t> id) {
  return id ? std::string{tokens.token_text(*id)} : std::string{};
}

} // namespace

std::shared_ptr<const model_assets>
model_assets::open(std::string name, const std::filesystem::path& path) {
  auto files = device::model_files::open(path);
  auto tokens = device::tokenizer::open(files);
  auto bos = text_of(tokens, tokens.bos());
  auto eos = text_of(tokens, tokens.eos());
  std::optional<device::chat_template> chat;
  std::string chat_error;
  if (tokens.chat_template().empty()) {
    chat_error = "model '" + name + "' has no chat template";
  } else {
    try {
      chat.emplace(tokens.chat_template());
    } catch (const device::model_error& e) {
      chat_error = "the chat template of model '" + name
                   + "' cannot be used: " + e.what();
    }
  }
  auto out = std::make_shared<model_assets>(model_assets{
      std::move(name), std::move(files), std::move(tokens), std::move(chat),
      std::move(chat_error), std::move(bos), std::move(eos)});
  out->grammars =
      std::make_unique<device::grammar_cache>([&vocabulary = out->tokens] {
        return std::make_shared<const device::token_trie>(vocabulary);
      });
  return out;
}

} // namespace sluice::actors
