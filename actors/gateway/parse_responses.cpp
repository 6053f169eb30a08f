// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// POST /v1/responses. Nothing is kept, so what would need an earlier response
// is refused.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"
#include "actors/gateway/response_input.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <limits>

namespace sluice::actors {

namespace json = boost::json;

namespace {

using device::grammar_kind;

constexpr std::int64_t most_tokens = std::numeric_limits<std::int32_t>::max();

void refuse_unsupported(const fields& in, const api_request& out) {
  for (const auto* name : {"previous_response_id", "conversation", "prompt"})
    if (in.find(name) != nullptr)
      refuse(in.path(name), "is not supported: no response is kept");
  if (in.boolean("background").value_or(false))
    refuse(in.path("background"), "is not supported");
  if (const auto how = in.text("truncation"); how && *how != "disabled")
    refuse(in.path("truncation"), "must be 'disabled': no input is cut",
           *in.find("truncation"));
  if (out.choices != 1)
    refuse(in.path("n"), "must be 1");
  in.boolean("store");
  in.object("metadata");
}

void set_grammar(api_request& out, grammar_kind kind, std::string text,
                 std::string path) {
  auto& grammar = out.sampling.grammar;
  if (grammar)
    refuse(path, "is not allowed together with '" + grammar.name + "'");
  grammar = {kind, std::move(text), std::move(path)};
}

void read_format(const fields& in, api_request& out) {
  const auto* text = in.object("text");
  if (text == nullptr)
    return;
  const fields inside{*text, in.path("text") + "."};
  const auto* format = inside.object("format");
  if (format == nullptr)
    return;
  const fields how{*format, inside.path("format") + "."};
  const auto type = how.text("type").value_or("");
  if (type == "json_object")
    return set_grammar(out, grammar_kind::json_object, {},
                       inside.path("format"));
  if (type == "text")
    return;
  if (type != "json_schema")
    refuse(how.path("type"), "must be 'text', 'json_object' or 'json_schema'");
  how.text("name");
  how.boolean("strict");
  const auto* schema = how.object("schema");
  if (schema == nullptr)
    refuse(how.path("schema"), "is required");
  set_grammar(out, grammar_kind::json_schema, json::serialize(*schema),
              how.path("schema"));
}

// Log-probabilities come when `include` asks for them.
void read_logprobs(const fields& in, api_request& out) {
  if (const auto* list = in.array("include"))
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (!(*list)[i].is_string())
        refuse(in.path("include") + "[" + std::to_string(i) + "]",
               "must be a string", (*list)[i]);
      if ((*list)[i].get_string() == "message.output_text.logprobs")
        out.logprobs = true;
    }
  const auto top = in.integer("top_logprobs", 0, 20).value_or(0);
  out.sampling.logprobs = out.logprobs;
  if (out.logprobs)
    out.sampling.top_logprobs = static_cast<std::uint32_t>(top);
}

// As in chat, where a choice of a function has it in a member of its own.
std::string template_options(const fields& in) {
  json::object given;
  if (const auto* options = in.object("chat_template_kwargs"))
    given["chat_template_kwargs"] = *options;
  if (const auto* choice = in.find("tool_choice"))
    given["tool_choice"] =
        choice->is_object()
            ? json::value{{"type", "function"},
                          {"function",
                           {{"name", choice->get_object().at("name")}}}}
            : *choice;
  const auto out = read_template_options(fields{given});
  return out.empty() ? "" : json::serialize(out);
}

// What a response says of its request: the given values, or the defaults.
std::string repeated(const fields& in) {
  static constexpr std::array<std::pair<const char*, const char*>, 15> members{{
      {"instructions", "null"},
      {"max_output_tokens", "null"},
      {"metadata", "{}"},
      {"parallel_tool_calls", "true"},
      {"reasoning", R"({"effort":null,"summary":null})"},
      {"temperature", "1.0"},
      {"text", R"({"format":{"type":"text"}})"},
      {"tool_choice", "\"auto\""},
      {"tools", "[]"},
      {"top_logprobs", "0"},
      {"top_p", "1.0"},
      {"truncation", "\"disabled\""},
      {"max_tool_calls", "null"},
      {"prompt_cache_key", "null"},
      {"user", "null"},
  }};
  std::string out =
      R"("background":false,"previous_response_id":null,"store":false)";
  for (const auto& [name, usual] : members) {
    const auto* given = in.find(name);
    out.append(",\"").append(name).append("\":");
    out += given == nullptr ? usual : json::serialize(*given);
  }
  return out;
}

} // namespace

parsed<api_request> parse_responses(std::string_view body,
                                    const request_limits& limits) {
  try {
    const auto object = parse_body(body);
    const fields in{object};
    api_request out;
    out.kind = endpoint::responses;
    out.prompts.emplace_back();
    read_shared(in, limits, out);
    refuse_unsupported(in, out);
    out.max_tokens = static_cast<std::uint32_t>(
        in.integer("max_output_tokens", 1, most_tokens).value_or(0));
    check_lengths(in, out);
    read_format(in, out);
    read_logprobs(in, out);
    const auto conversation = conversation_of(in);
    out.messages = json::serialize(read_messages(fields{conversation}));
    read_tools(in, out, tool_shape::flat);
    out.template_options = template_options(in);
    out.repeated = repeated(in);
    return out;
  } catch (const field_error& e) {
    return e.error();
  }
}

} // namespace sluice::actors
