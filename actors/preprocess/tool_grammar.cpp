// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/preprocess/tool_grammar.hpp"

#include <boost/json.hpp>

#include <cassert>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr int most_calls = 16; // of one answer

const json::object* function_of(const json::value& tool) {
  const auto* object = tool.if_object();
  const auto* function = object ? object->if_contains("function") : nullptr;
  return function ? function->if_object() : nullptr;
}

std::string_view name_of(const json::object& function) {
  const auto* name = function.if_contains("name");
  return name && name->is_string() ? std::string_view{name->get_string()}
                                   : std::string_view{};
}

// A function without parameters takes none.
json::value schema_of(const json::object& function) {
  const auto* given = function.if_contains("parameters");
  if (given && given->is_object())
    return *given;
  return json::object{{"type", "object"},
                      {"properties", json::object{}},
                      {"additionalProperties", false}};
}

struct form {
  std::string before; ///< the call's object
  std::string_view key;
  std::string after;
  std::string_view separator; ///< of two calls; "": only one is possible
  std::string_view opening;   ///< of the answer
  std::string_view closing;
};

form form_of(tool_convention convention) {
  switch (convention) {
  case tool_convention::llama3:
    return {"", "parameters", "", "", "", ""};
  case tool_convention::mistral:
    return {"", "arguments", "", ", ", "[TOOL_CALLS][", "]"};
  case tool_convention::hermes:
  case tool_convention::none:
    break;
  }
  return {"<tool_call>\n", "arguments", "\n</tool_call>", "\n", "", ""};
}

json::array call_part(const json::object& function, const form& how) {
  auto head = how.before + "{\"name\": "
              + json::serialize(json::value(name_of(function))) + ", \"";
  head.append(how.key).append("\": ");
  return {head, json::object{{"json_schema", schema_of(function)}},
          "}" + how.after};
}

} // namespace

std::vector<std::string> tool_names(const json::array& tools) {
  std::vector<std::string> out;
  for (const auto& tool : tools)
    if (const auto* function = function_of(tool))
      if (const auto name = name_of(*function); !name.empty())
        out.emplace_back(name);
  return out;
}

device::grammar_source tool_grammar(const json::array& tools,
                                    tool_convention convention,
                                    std::string_view only, bool parallel) {
  assert(convention != tool_convention::none);
  const auto how = form_of(convention);
  json::array choices;
  for (const auto& tool : tools)
    if (const auto* function = function_of(tool))
      if (const auto name = name_of(*function); only.empty() || name == only)
        choices.push_back(call_part(*function, how));
  json::value calls = choices.size() == 1
                          ? choices.front()
                          : json::value(json::object{{"any_of", choices}});
  if (parallel && only.empty() && !how.separator.empty())
    calls = json::object{{"repeat", std::move(calls)},
                         {"min", 1},
                         {"max", most_calls},
                         {"separator", how.separator}};
  json::array whole;
  if (!how.opening.empty())
    whole.emplace_back(how.opening);
  whole.push_back(std::move(calls));
  if (!how.closing.empty())
    whole.emplace_back(how.closing);
  return {device::grammar_kind::structure, json::serialize(whole), "tools"};
}

} // namespace sluice::actors
