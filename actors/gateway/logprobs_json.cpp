// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/logprobs_json.hpp"

#include "actors/gateway/json_text.hpp"

namespace sluice::actors {

namespace {

void append_bytes(std::string& out, std::string_view bytes) {
  out += ",\"bytes\":[";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0)
      out += ',';
    out += std::to_string(static_cast<unsigned char>(bytes[i]));
  }
  out += ']';
}

// Chat's common part: "token":...,"logprob":...,"bytes":[...]
void append_entry(std::string& out, std::string_view bytes, float logprob) {
  out += "\"token\":";
  append_quoted(out, bytes);
  out += ",\"logprob\":";
  append_logprob(out, logprob);
  append_bytes(out, bytes);
}

// llama.cpp's: "id":...,"token":...,"bytes":[...],"logprob":...
void append_native_entry(std::string& out, std::int32_t id,
                         std::string_view bytes, float logprob) {
  out += "\"id\":" + std::to_string(id) + ",\"token\":";
  append_quoted(out, bytes);
  append_bytes(out, bytes);
  out += ",\"logprob\":";
  append_logprob(out, logprob);
}

} // namespace

void append_chat_logprob(std::string& out, const token_logprob& token) {
  out += '{';
  append_entry(out, token.text, token.logprob);
  out += ",\"top_logprobs\":[";
  for (std::size_t i = 0; i < token.top.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    append_entry(out, token.top[i].first, token.top[i].second);
    out += '}';
  }
  out += "]}";
}

void append_native_logprob(std::string& out, const token_logprob& token) {
  out += '{';
  append_native_entry(out, token.id, token.text, token.logprob);
  out += ",\"top_logprobs\":[";
  for (std::size_t i = 0; i < token.top.size(); ++i) {
    out += i > 0 ? ",{" : "{";
    append_native_entry(out, token.top_ids[i], token.top[i].first,
                        token.top[i].second);
    out += '}';
  }
  out += "]}";
}

std::string completion_token(std::string_view bytes) {
  if (!find_invalid_utf8(bytes))
    return std::string{bytes};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "bytes:";
  for (const char c : bytes) {
    const auto u = static_cast<unsigned char>(c);
    out.append("\\x").append({digits[u >> 4], digits[u & 15]});
  }
  return out;
}

void append_completion_top(std::string& out, const token_logprob& token) {
  out += '{';
  for (std::size_t i = 0; i < token.top.size(); ++i) {
    if (i > 0)
      out += ',';
    append_quoted(out, completion_token(token.top[i].first));
    out += ':';
    append_logprob(out, token.top[i].second);
  }
  out += '}';
}

} // namespace sluice::actors
