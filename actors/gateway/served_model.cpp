// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// serve(): a model's own tokenizer and template behind /tokenize.
#include "actors/gateway/door.hpp"
#include "device/chat/chat_template.hpp"
#include "device/text/detokenizer.hpp"
#include "device/text/tokenizer.hpp"

#include <chrono>

namespace sluice::actors {

namespace {

std::string render(const device::tokenizer& tokens,
                   const device::chat_template& conversation,
                   const boost::json::array& messages,
                   const boost::json::array& tools,
                   const boost::json::object& options) {
  const auto text = [&](std::optional<std::int32_t> id) {
    return id ? std::string{tokens.token_text(*id)} : std::string{};
  };
  device::chat_input input;
  input.messages = messages;
  if (!tools.empty())
    input.tools = tools;
  input.extra = options;
  input.bos_token = text(tokens.bos());
  input.eos_token = text(tokens.eos());
  input.now = std::chrono::system_clock::now();
  return conversation.render(input);
}

std::string decode(const device::tokenizer& tokens,
                   std::span<const std::int32_t> ids) {
  device::detokenizer stream{tokens, true};
  std::string out;
  for (const auto id : ids)
    out += stream.push(id);
  return out += stream.finish();
}

} // namespace

served_model serve(std::vector<std::string> names, std::uint32_t context,
                   std::shared_ptr<const device::tokenizer> tokens,
                   std::shared_ptr<const device::chat_template> conversation) {
  served_model out;
  out.names = std::move(names);
  out.context = context;
  if (!tokens)
    return out;
  const auto text = [&](std::optional<std::int32_t> id) {
    return id ? std::string{tokens->token_text(*id)} : std::string{};
  };
  out.chat_template = tokens->chat_template();
  out.bos_token = text(tokens->bos());
  out.eos_token = text(tokens->eos());
  out.vocabulary = static_cast<std::int32_t>(tokens->size());
  out.encode = [tokens](std::string_view text, bool add_special) {
    return tokens->encode(text, {.add_special = add_special});
  };
  out.decode = [tokens](std::span<const std::int32_t> ids) {
    return decode(*tokens, ids);
  };
  if (conversation)
    out.render = [tokens, conversation](const auto& messages, const auto& tools,
                                        const auto& options) {
      return render(*tokens, *conversation, messages, tools, options);
    };
  return out;
}

} // namespace sluice::actors
