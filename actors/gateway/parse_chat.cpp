// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// POST /v1/chat/completions.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::array<std::string_view, 6> roles{
    "system", "developer", "user", "assistant", "tool", "function"};

// Text of a content list: parts joined by line breaks.
json::string join_parts(const json::array& parts, const std::string& path) {
  json::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part_path = path + "[" + std::to_string(i) + "]";
    if (!parts[i].is_object())
      refuse(part_path, "must be an object", parts[i]);
    const fields part{parts[i].get_object(), part_path + "."};
    const auto type = part.text("type");
    if (type != "text")
      refuse(part.path("type"), "must be 'text'; other parts are not "
                                "supported");
    const auto text = part.text("text");
    if (!text)
      refuse(part.path("text"), "must be a string");
    if (i > 0)
      out.append("\n");
    out.append(*text);
  }
  return out;
}

// Templates walk through arguments, clients send them as JSON text.
void open_arguments(json::object& message, const std::string& path) {
  const fields in{message, path};
  const auto* calls = in.array("tool_calls");
  if (calls == nullptr)
    return;
  auto opened = *calls;
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const auto call_path =
        in.path("tool_calls") + "[" + std::to_string(i) + "]";
    if (!opened[i].is_object())
      refuse(call_path, "must be an object", opened[i]);
    const fields call{opened[i].get_object(), call_path + "."};
    const auto* function = call.object("function");
    if (function == nullptr)
      refuse(call.path("function"), "must be an object");
    const fields inside{*function, call.path("function") + "."};
    if (!inside.text("name"))
      refuse(inside.path("name"), "must be a string");
    const auto* arguments = inside.find("arguments");
    if (arguments == nullptr || !arguments->is_string())
      continue;
    json::error_code ec;
    auto value = json::parse(arguments->get_string(), ec);
    if (!ec && value.is_object())
      opened[i].get_object()["function"].get_object()["arguments"] =
          std::move(value);
  }
  message["tool_calls"] = std::move(opened);
}

json::object read_message(const json::value& value, const std::string& path) {
  if (!value.is_object())
    refuse(path, "must be an object", value);
  auto message = value.get_object();
  const fields in{message, path + "."};
  const auto role = in.text("role");
  if (!role)
    refuse(in.path("role"), "must be a string");
  if (std::find(roles.begin(), roles.end(), *role) == roles.end())
    refuse(in.path("role"),
           "must be one of system, developer, user, assistant, tool, function",
           *in.find("role"));
  in.text("name");
  const auto* content = in.find("content");
  if (content == nullptr && *role != "assistant")
    refuse(in.path("content"), "must be a string or an array of text parts");
  if (content != nullptr && content->is_array())
    message["content"] = join_parts(content->get_array(), in.path("content"));
  else if (content != nullptr && !content->is_string())
    refuse(in.path("content"), "must be a string or an array of text parts",
           *content);
  open_arguments(message, path + ".");
  return message;
}

void read_logprobs(const fields& in, api_request& out) {
  out.logprobs = in.boolean("logprobs").value_or(false);
  out.sampling.logprobs = out.logprobs;
  const auto top = in.integer("top_logprobs", 0, 20);
  if (top && *top > 0 && !out.logprobs)
    refuse(in.path("top_logprobs"), "is only allowed with 'logprobs': true");
  out.sampling.top_logprobs = static_cast<std::uint32_t>(top.value_or(0));
}

} // namespace

json::array read_messages(const fields& in) {
  const auto path = in.path("messages");
  const auto* list = in.array("messages");
  if (list == nullptr)
    refuse(path, "is required");
  if (list->empty())
    refuse(path, "must not be empty");
  json::array out;
  for (std::size_t i = 0; i < list->size(); ++i)
    out.push_back(
        read_message((*list)[i], path + "[" + std::to_string(i) + "]"));
  return out;
}

json::object read_template_options(const fields& in) {
  json::object out;
  if (const auto* options = in.object("chat_template_kwargs"))
    out = *options;
  if (const auto add = in.boolean("add_generation_prompt"))
    out["add_generation_prompt"] = *add;
  if (const auto* choice = in.find("tool_choice"))
    out["tool_choice"] = *choice;
  return out;
}

parsed<api_request> parse_chat(std::string_view body,
                               const request_limits& limits) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    api_request out;
    out.kind = endpoint::chat;
    out.prompts.emplace_back();
    read_shared(in, limits, out);
    if (const auto limit = in.integer("max_completion_tokens", 1,
                                      std::numeric_limits<std::int32_t>::max()))
      out.max_tokens = static_cast<std::uint32_t>(*limit);
    check_lengths(in, out);
    read_logprobs(in, out);
    out.messages = json::serialize(read_messages(in));
    read_tools(in, out);
    if (const auto options = read_template_options(in); !options.empty())
      out.template_options = json::serialize(options);
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

} // namespace sluice::actors
