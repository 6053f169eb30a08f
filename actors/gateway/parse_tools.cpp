// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// `tools`, `tool_choice` and `parallel_tool_calls` of a chat.
#include "actors/gateway/fields.hpp"
#include "actors/gateway/parse_request.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace sluice::actors {

namespace json = boost::json;

namespace {

constexpr std::size_t most_tools = 128;
constexpr std::size_t longest_name = 64;

void check_name(std::string_view name, const std::string& path) {
  const bool good = !name.empty() && name.size() <= longest_name
                    && std::ranges::all_of(name, [](char c) {
                         return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9') || c == '_'
                                || c == '-';
                       });
  if (!good)
    refuse(path, "must be 1 to 64 letters, digits, '_' and '-'");
}

// What describes a function: a member of its own, or the object itself.
fields function_of(const fields& in, const json::object& whole,
                   tool_shape shape) {
  if (in.text("type") != "function") {
    constexpr std::string_view must =
        "must be 'function'; other tools are not supported";
    if (const auto* found = in.find("type"))
      refuse(in.path("type"), must, *found);
    refuse(in.path("type"), must);
  }
  if (shape == tool_shape::flat)
    return fields{whole, in.path("")};
  const auto* function = in.object("function");
  if (function == nullptr)
    refuse(in.path("function"), "must be an object");
  return fields{*function, in.path("function") + "."};
}

// The function's name.
std::string read_tool(const json::value& tool, const std::string& path,
                      tool_shape shape) {
  if (!tool.is_object())
    refuse(path, "must be an object", tool);
  const auto inside = function_of(fields{tool.get_object(), path + "."},
                                  tool.get_object(), shape);
  const auto name = inside.text("name");
  if (!name)
    refuse(inside.path("name"), "must be a string");
  check_name(*name, inside.path("name"));
  inside.text("description");
  inside.boolean("strict");
  inside.object("parameters");
  return std::string{*name};
}

std::vector<std::string> read_list(const json::array& tools,
                                   const std::string& path, tool_shape shape) {
  if (tools.size() > most_tools)
    refuse(path, "must hold at most " + std::to_string(most_tools)
                     + " tools, not " + std::to_string(tools.size()));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const auto at = path + "[" + std::to_string(i) + "]";
    auto name = read_tool(tools[i], at, shape);
    if (std::ranges::count(names, name) > 0)
      refuse(at + (shape == tool_shape::flat ? ".name" : ".function.name"),
             "is the name of an earlier tool, too");
    names.push_back(std::move(name));
  }
  return names;
}

// The one function that must be called.
std::string read_named_choice(const json::object& choice,
                              const std::string& path,
                              const std::vector<std::string>& names,
                              tool_shape shape) {
  const auto inside = function_of(fields{choice, path + "."}, choice, shape);
  const auto name = inside.text("name");
  if (!name)
    refuse(inside.path("name"), "must be a string");
  if (std::ranges::count(names, *name) == 0)
    refuse(inside.path("name"), "must be the name of one of 'tools'",
           *inside.find("name"));
  return std::string{*name};
}

// As templates want them: each function in a member of its own.
json::array nested(const json::array& flat) {
  json::array out;
  for (const auto& tool : flat) {
    auto function = tool.get_object();
    function.stable_erase("type");
    out.push_back({{"type", "function"}, {"function", std::move(function)}});
  }
  return out;
}

} // namespace

void read_tools(const fields& in, api_request& out, tool_shape shape) {
  std::vector<std::string> names;
  const auto* tools = in.array("tools");
  if (tools != nullptr)
    names = read_list(*tools, in.path("tools"), shape);
  out.parallel_calls = in.boolean("parallel_tool_calls").value_or(true);
  bool none = false;
  if (const auto* choice = in.find("tool_choice")) {
    const auto path = in.path("tool_choice");
    const bool word = choice->is_string();
    const std::string_view text = word ? choice->get_string() : "";
    none = text == "none";
    const bool known = none || text == "auto" || text == "required";
    if (word ? !known : !choice->is_object())
      refuse(path,
             "must be 'none', 'auto', 'required' or an object that names a "
             "function",
             *choice);
    if (names.empty() && !none && text != "auto")
      refuse(path, "needs 'tools'");
    if (!word)
      out.must_call =
          read_named_choice(choice->get_object(), path, names, shape);
    else if (text == "required")
      out.must_call.assign(1, '*');
  }
  if (!none && !names.empty())
    out.tools =
        json::serialize(shape == tool_shape::flat ? nested(*tools) : *tools);
}

} // namespace sluice::actors
