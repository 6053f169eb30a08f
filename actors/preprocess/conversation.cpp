// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/conversation.hpp"

#include "device/error.hpp"

#include <boost/json.hpp>

namespace sluice::actors {

namespace json = boost::json;

namespace {

[[noreturn]] void refuse(std::size_t index, const std::string& what) {
  throw device::model_error("messages[" + std::to_string(index) + "] " + what);
}

std::string join_parts(const json::array& parts, std::size_t index) {
  std::string text;
  for (const auto& part : parts) {
    const auto* object = part.if_object();
    const auto* type = object ? object->if_contains("type") : nullptr;
    if (!type || !type->is_string())
      refuse(index, "has a content part without a type");
    if (type->get_string() != "text")
      refuse(index, "has a content part of type '"
                        + std::string{type->get_string()}
                        + "': only text is supported");
    const auto* value = object->if_contains("text");
    if (!value || !value->is_string())
      refuse(index, "has a text part without text");
    text += std::string_view{value->get_string()};
  }
  return text;
}

void open_arguments(json::object& message) {
  auto* calls = message.if_contains("tool_calls");
  if (!calls || !calls->is_array())
    return;
  for (auto& call : calls->get_array()) {
    auto* object = call.if_object();
    auto* function = object ? object->if_contains("function") : nullptr;
    if (!function || !function->is_object())
      continue;
    auto* arguments = function->get_object().if_contains("arguments");
    if (!arguments || !arguments->is_string())
      continue;
    boost::system::error_code failed;
    auto parsed = json::parse(arguments->get_string(), failed);
    if (!failed && parsed.is_object())
      *arguments = std::move(parsed);
  }
}

void append_strings(const json::value& value, std::string& out) {
  if (const auto* text = value.if_string()) {
    out += std::string_view{*text};
    out += '\n';
  } else if (const auto* array = value.if_array()) {
    for (const auto& item : *array)
      append_strings(item, out);
  } else if (const auto* object = value.if_object()) {
    for (const auto& item : *object)
      append_strings(item.value(), out);
  } else if (value.is_number()) {
    out += json::serialize(value) + '\n';
  }
}

} // namespace

json::array read_conversation(std::string_view text) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  if (failed)
    throw device::model_error("messages are not JSON: " + failed.message());
  if (!value.is_array())
    throw device::model_error("messages must be an array");
  auto messages = std::move(value.get_array());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    auto* message = messages[i].if_object();
    if (!message)
      refuse(i, "is not an object");
    const auto* role = message->if_contains("role");
    if (!role || !role->is_string())
      refuse(i, "has no role");
    if (auto* content = message->if_contains("content")) {
      if (const auto* parts = content->if_array()) {
        auto joined = join_parts(*parts, i);
        *content = std::string_view{joined};
      } else if (!content->is_string() && !content->is_null()) {
        refuse(i, "has content that is neither text nor text parts");
      }
    }
    open_arguments(*message);
  }
  return messages;
}

std::string conversation_text(const json::array& messages) {
  std::string text;
  for (const auto& message : messages)
    for (const auto& field : message.get_object())
      if (field.key() != "role")
        append_strings(field.value(), text);
  return text;
}

} // namespace sluice::actors
