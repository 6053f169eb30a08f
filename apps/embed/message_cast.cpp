// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/message_cast.hpp"

namespace sluice::apps {

namespace {

using origin_ptr = std::shared_ptr<const actors::edge_message>;

/// What a message was made from, or a fresh one when the host made it.
template <class T>
T begun(const message& from) {
  const auto origin =
      std::static_pointer_cast<const actors::edge_message>(from.origin);
  if (const auto* same = origin ? std::get_if<T>(origin.get()) : nullptr)
    return *same;
  return {};
}

template <class T>
void show_ask(const T& from, message& out) {
  out.deadline =
      std::chrono::time_point_cast<std::chrono::system_clock::duration>(
          from.deadline);
  out.tenant = from.tenant;
  out.labels = from.labels;
  out.tokens = from.tokens;
}

template <class T>
void take_ask(const message& from, T& out) {
  out.id = from.id;
  out.deadline = from.deadline;
  out.tenant = from.tenant;
  out.labels = from.labels;
  out.tokens = from.tokens;
}

void show(const actors::request& from, message& out) {
  out.type = message_type::request;
  show_ask(from, out);
  out.messages = from.messages;
  out.text = from.text;
}

void show(const actors::prompt& from, message& out) {
  out.type = message_type::prompt;
  show_ask(from, out);
}

void show(const actors::generation& from, message& out) {
  out.type = message_type::tokens;
  out.begins = true;
  out.prompt_tokens = from.prompt_tokens;
}

void show(const actors::generated& from, message& out) {
  out.type = message_type::tokens;
  if (from.has_token)
    out.tokens.push_back(from.token.id);
  out.finish = static_cast<finish_reason>(from.finish);
  out.code = static_cast<error_code>(from.code);
  out.error = from.error;
}

void show(const actors::text_delta& from, message& out) {
  out.type = message_type::text;
  out.text = from.text;
  out.prompt_tokens = from.prompt_tokens;
  out.completion_tokens = from.completion_tokens;
  out.finish = static_cast<finish_reason>(from.finish);
  out.code = static_cast<error_code>(from.code);
  out.error = from.error;
}

actors::edge_message take_tokens(const message& from) {
  if (from.begins) {
    auto out = begun<actors::generation>(from);
    out.id = from.id;
    out.prompt_tokens = from.prompt_tokens;
    return out;
  }
  if (from.tokens.size() > 1)
    throw error(error_code::wrong_type,
                "a message of type tokens holds at most one id, not "
                    + std::to_string(from.tokens.size()));
  auto out = begun<actors::generated>(from);
  out.id = from.id;
  out.has_token = !from.tokens.empty();
  if (out.has_token)
    out.token.id = from.tokens.front();
  out.finish = static_cast<actors::finish_reason>(from.finish);
  out.code = static_cast<actors::errc>(from.code);
  out.error = from.error;
  return out;
}

actors::edge_message take_text(const message& from) {
  auto out = begun<actors::text_delta>(from);
  out.id = from.id;
  out.text = from.text;
  out.prompt_tokens = from.prompt_tokens;
  out.completion_tokens = from.completion_tokens;
  out.finish = static_cast<actors::finish_reason>(from.finish);
  out.code = static_cast<actors::errc>(from.code);
  out.error = from.error;
  return out;
}

} // namespace

message to_public(const actors::edge_message& from) {
  message out;
  out.id = actors::id_of(from);
  std::visit([&](const auto& one) { show(one, out); }, from);
  out.origin = std::make_shared<const actors::edge_message>(from);
  return out;
}

actors::edge_message to_internal(const message& from) {
  switch (from.type) {
  case message_type::request: {
    auto out = begun<actors::request>(from);
    take_ask(from, out);
    out.messages = from.messages;
    out.text = from.text;
    return out;
  }
  case message_type::prompt: {
    auto out = begun<actors::prompt>(from);
    take_ask(from, out);
    return out;
  }
  case message_type::tokens:
    return take_tokens(from);
  case message_type::text:
    return take_text(from);
  }
  throw error(error_code::wrong_type, "no such type of message");
}

delta to_public(const actors::text_delta& from) {
  delta out;
  out.id = from.id;
  out.text = from.text;
  for (const auto& one : from.logprobs)
    out.logprobs.push_back({one.text, one.logprob, one.top});
  out.completion_tokens = from.completion_tokens;
  out.prompt_tokens = from.prompt_tokens;
  out.cached_tokens = from.cached_tokens;
  out.finish = static_cast<finish_reason>(from.finish);
  out.code = static_cast<error_code>(from.code);
  out.error = from.error;
  return out;
}

} // namespace sluice::apps
