// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/answer_event.hpp"

#include <array>

namespace sluice::apps {

namespace {

namespace json = boost::json;

constexpr std::size_t shown = 200; // characters of an unknown error

std::uint32_t tokens(const json::object& in, json::string_view key) {
  const auto* value = in.if_contains(key);
  json::error_code ec;
  const auto count =
      value && value->is_number() ? value->to_number<std::int64_t>(ec) : 0;
  return ec || count < 0 ? 0 : static_cast<std::uint32_t>(count);
}

bool is_text(const json::value* value) {
  return value && value->is_string() && !value->get_string().empty();
}

/// Text, reasoning and tool calls: whatever a user would see come.
bool has_text(const json::object& choice) {
  if (is_text(choice.if_contains("text")))
    return true;
  const auto* delta = choice.if_contains("delta");
  if (!delta || !delta->is_object())
    return false;
  const auto& fields = delta->get_object();
  return is_text(fields.if_contains("content"))
         || is_text(fields.if_contains("reasoning_content"))
         || is_text(fields.if_contains("reasoning"))
         || fields.contains("tool_calls");
}

std::string message_of(const json::value& error) {
  if (error.is_string())
    return std::string{error.get_string()};
  if (error.is_object())
    if (const auto* text = error.get_object().if_contains("message");
        text && text->is_string())
      return std::string{text->get_string()};
  return json::serialize(error);
}

void read_choices(const json::value& value, answer_event& out) {
  if (!value.is_array())
    return;
  out.valid = true;
  for (const auto& choice : value.get_array()) {
    if (!choice.is_object())
      continue;
    const auto& fields = choice.get_object();
    out.has_text = out.has_text || has_text(fields);
    const auto* finish = fields.if_contains("finish_reason");
    out.finished = out.finished || is_text(finish);
  }
}

} // namespace

std::optional<token_usage> usage_of(const json::object& answer) {
  const auto* usage = answer.if_contains("usage");
  if (!usage || !usage->is_object())
    return {};
  const auto& fields = usage->get_object();
  token_usage out{tokens(fields, "prompt_tokens"),
                  tokens(fields, "completion_tokens"), 0};
  if (const auto* details = fields.if_contains("prompt_tokens_details");
      details && details->is_object())
    out.cached = tokens(details->get_object(), "cached_tokens");
  return out;
}

answer_event read_answer_event(std::string_view data) {
  answer_event out;
  // One event's values; most need no more.
  std::array<unsigned char, 8 * 1024> room;
  json::monotonic_resource memory{room.data(), room.size()};
  json::error_code ec;
  const auto value = json::parse({data.data(), data.size()}, ec, &memory);
  if (ec)
    return out;
  if (!value.is_object())
    return out;
  const auto& fields = value.get_object();
  if (const auto* error = fields.if_contains("error");
      error && !error->is_null()) {
    out.error = message_of(*error);
    return out;
  }
  if (const auto* choices = fields.if_contains("choices"))
    read_choices(*choices, out);
  out.usage = usage_of(fields);
  return out;
}

std::string error_message(std::string_view body) {
  json::error_code ec;
  const auto value = json::parse({body.data(), body.size()}, ec);
  if (!ec && value.is_object()) {
    if (const auto* error = value.get_object().if_contains("error"))
      return message_of(*error);
    if (value.get_object().contains("message"))
      return message_of(value);
  }
  return std::string{body.substr(0, shown)};
}

} // namespace sluice::apps
