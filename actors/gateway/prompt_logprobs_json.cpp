// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/prompt_logprobs_json.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

// "17":{"logprob":...,"rank":...,"decoded_token":...}
void append_entry(std::string& out, std::int32_t id, std::string_view text,
                  float logprob, std::size_t rank) {
  out += '"' + std::to_string(id) + "\":{\"logprob\":";
  append_logprob(out, logprob);
  out += ",\"rank\":" + std::to_string(rank) + ",\"decoded_token\":";
  append_quoted(out, text);
  out += '}';
}

void append_position(std::string& out, const prompt_token& token,
                     std::uint32_t top) {
  if (token.rank == 0) {
    out += "null";
    return;
  }
  out += '{';
  append_entry(out, token.id, token.text, token.logprob, token.rank);
  const auto count = std::min<std::size_t>(top, token.top.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [id, other] = token.top[i];
    if (id == token.id)
      continue;
    out += ',';
    append_entry(out, id, other.text, other.logprob, i + 1);
  }
  out += '}';
}

// {"token":logprob,...} of the `top` likeliest.
void append_likeliest(std::string& out, const prompt_token& token,
                      std::uint32_t top) {
  token_logprob shown;
  const auto count = std::min<std::size_t>(top, token.top.size());
  for (std::size_t i = 0; i < count; ++i)
    shown.top.emplace_back(token.top[i].second.text,
                           token.top[i].second.logprob);
  append_completion_top(out, shown);
}

// Where `text` goes on behind `piece`, which may stand at `at`. Sentencepiece
// vocabularies put a space before a text that has none.
std::size_t behind(std::string_view text, std::size_t at,
                   std::string_view piece) {
  if (at == 0 && piece.starts_with(' ') && !text.starts_with(' '))
    piece.remove_prefix(1);
  return text.substr(at).starts_with(piece) ? at + piece.size() : at;
}

} // namespace

std::string prompt_logprobs_json(std::span<const prompt_token> tokens,
                                 std::uint32_t top) {
  std::string out = "[";
  for (const auto& token : tokens) {
    if (out.size() > 1)
      out += ',';
    append_position(out, token, top);
  }
  return out += ']';
}

logprob_lists echoed_logprobs(std::string_view text,
                              std::span<const prompt_token> tokens,
                              std::uint32_t top) {
  logprob_lists out;
  std::size_t at = 0;         // bytes of `text` before the token
  std::size_t characters = 0; // the same in characters
  bool first = true;
  for (const auto& token : tokens) {
    if (!first)
      for (auto* list :
           {&out.tokens, &out.token_logprobs, &out.top_logprobs, &out.offsets})
        *list += ',';
    first = false;
    append_quoted(out.tokens, completion_token(token.text));
    out.offsets += std::to_string(characters);
    if (token.rank == 0) {
      out.token_logprobs += "null";
      out.top_logprobs += "null";
    } else {
      append_logprob(out.token_logprobs, token.logprob);
      append_likeliest(out.top_logprobs, token, top);
    }
    const auto end = behind(text, at, token.text);
    // A character counts where it begins.
    characters += static_cast<std::size_t>(
        std::ranges::count_if(text.substr(at, end - at), [](char c) {
          return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        }));
    at = end;
  }
  return out;
}

} // namespace sluice::actors
