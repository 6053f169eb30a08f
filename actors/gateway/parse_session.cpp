// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/parse_session.hpp"

#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

#include <boost/json/serialize.hpp>

#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr double longest_ttl = 24 * 3600; // seconds
constexpr auto most_tokens = std::numeric_limits<std::int32_t>::max();

} // namespace

parsed<session_wish> parse_session(std::string_view body) {
  try {
    const auto object =
        body.empty() ? json::object{} : parse_body(body); // all is optional
    const fields in{object};
    session_wish out;
    out.model = in.text("model").value_or("");
    if (const auto seconds = in.number("ttl", 0.1, longest_ttl))
      out.ttl =
          std::chrono::milliseconds{static_cast<std::int64_t>(*seconds * 1000)};
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

parsed<session_content> parse_chunk(std::string_view body) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    session_content out;
    const auto text = in.text("text");
    const bool chat = in.find("messages") != nullptr;
    if (text.has_value() == chat)
      refuse(in.path("text"), "or 'messages' must be given, and not both");
    if (chat)
      out.messages = read_messages(in);
    else if (text->empty())
      refuse(in.path("text"), "must not be empty");
    else
      out.text = *text;
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

api_request prefill_of(const session_content& content) {
  api_request out;
  out.kind = endpoint::chunk;
  out.prompts.push_back({content.text, {}});
  if (content.is_chat()) {
    out.messages = json::serialize(content.messages);
    out.template_options = R"({"add_generation_prompt":false})";
  }
  out.sampling.temperature = 0.0f;
  out.max_tokens = 1;
  out.prefill_only = true;
  return out;
}

parsed<api_request> parse_generate(std::string_view body,
                                   const request_limits& limits,
                                   const session_content& content) {
  try {
    auto object = body.empty() ? json::object{} : parse_body(body);
    for (const auto* field : {"prompt", "messages"})
      if (object.contains(field))
        refuse(field, "must not be given: the session is the prompt");
    if (content.empty())
      return api_error{
          400, "the session is empty: append to it first", {}, {}, 0};
    if (content.is_chat())
      object["messages"] = content.messages;
    else
      object["prompt"] = content.text;
    if (fields{object}.integer("max_tokens", 0, most_tokens) == 0)
      refuse("max_tokens", "must be at least 1 in a session");
    const auto whole = json::serialize(object);
    return content.is_chat() ? parse_chat(whole, limits)
                             : parse_completion(whole, limits);
  } catch (const field_error& e) {
    return e.error();
  }
}

} // namespace sluice::actors
