// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/response_input.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 4> roles{"user", "assistant", "system",
                                                "developer"};

std::string_view required_text(const fields& in, std::string_view name) {
  const auto text = in.text(name);
  if (!text)
    refuse(in.path(name), "must be a string");
  return *text;
}

// A string, or text parts joined by line breaks.
json::string read_content(const fields& in, std::string_view name) {
  const auto path = in.path(name);
  const auto* content = in.find(name);
  if (content == nullptr)
    refuse(path, "must be a string or an array of text parts");
  if (content->is_string())
    return content->get_string();
  if (!content->is_array())
    refuse(path, "must be a string or an array of text parts", *content);
  json::string out;
  const auto& parts = content->get_array();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto at = path + "[" + std::to_string(i) + "]";
    if (!parts[i].is_object())
      refuse(at, "must be an object", parts[i]);
    const fields part{parts[i].get_object(), at + "."};
    const auto type = required_text(part, "type");
    if (type != "input_text" && type != "output_text")
      refuse(part.path("type"),
             "must be 'input_text' or 'output_text'; other parts are not "
             "supported",
             *part.find("type"));
    if (i > 0)
      out.append("\n");
    out.append(required_text(part, "text"));
  }
  return out;
}

json::object read_message(const fields& in) {
  const auto role = required_text(in, "role");
  if (std::ranges::find(roles, role) == roles.end())
    refuse(in.path("role"), "must be one of user, assistant, system, developer",
           *in.find("role"));
  return {{"role", role}, {"content", read_content(in, "content")}};
}

// Goes to the assistant's message before it, if there is one.
void add_call(const fields& in, json::array& messages) {
  json::object call{{"id", required_text(in, "call_id")},
                    {"type", "function"},
                    {"function",
                     {{"name", required_text(in, "name")},
                      {"arguments", required_text(in, "arguments")}}}};
  const bool follows =
      !messages.empty()
      && messages.back().get_object().at("role") == "assistant";
  if (!follows)
    messages.push_back({{"role", "assistant"}, {"content", nullptr}});
  auto& calls = messages.back().get_object()["tool_calls"];
  if (calls.is_null())
    calls.emplace_array();
  calls.get_array().push_back(std::move(call));
}

void add_item(const json::value& value, const std::string& path,
              json::array& messages) {
  if (!value.is_object())
    refuse(path, "must be an object", value);
  const fields in{value.get_object(), path + "."};
  const auto type = in.text("type").value_or("message");
  if (type == "message")
    messages.push_back(read_message(in));
  else if (type == "function_call")
    add_call(in, messages);
  else if (type == "function_call_output")
    messages.push_back({{"role", "tool"},
                        {"tool_call_id", required_text(in, "call_id")},
                        {"content", read_content(in, "output")}});
  else
    refuse(in.path("type"),
           "must be 'message', 'function_call' or 'function_call_output'; "
           "other items are not supported",
           *in.find("type"));
}

} // namespace

json::object conversation_of(const fields& in) {
  json::array messages;
  if (const auto text = in.text("instructions"))
    messages.push_back({{"role", "system"}, {"content", *text}});
  const auto path = in.path("input");
  const auto* input = in.find("input");
  if (input == nullptr)
    refuse(path, "is required");
  if (input->is_string()) {
    messages.push_back({{"role", "user"}, {"content", input->get_string()}});
  } else if (input->is_array()) {
    const auto& items = input->get_array();
    if (items.empty())
      refuse(path, "must not be empty");
    for (std::size_t i = 0; i < items.size(); ++i)
      add_item(items[i], path + "[" + std::to_string(i) + "]", messages);
  } else {
    refuse(path, "must be a string or an array of items", *input);
  }
  return {{"messages", std::move(messages)}};
}

} // namespace sluice::actors
