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

// The function's name.
std::string read_tool(const json::value& tool, const std::string& path) {
  if (!tool.is_object())
    refuse(path, "must be an object", tool);
  const fields in{tool.get_object(), path + "."};
  if (in.text("type") != "function")
    refuse(in.path("type"), "must be 'function'; other tools are not "
                            "supported");
  const auto* function = in.object("function");
  if (function == nullptr)
    refuse(in.path("function"), "must be an object");
  const fields inside{*function, in.path("function") + "."};
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
                                   const std::string& path) {
  if (tools.size() > most_tools)
    refuse(path, "must hold at most " + std::to_string(most_tools)
                     + " tools, not " + std::to_string(tools.size()));
  std::vector<std::string> names;
  for (std::size_t i = 0; i < tools.size(); ++i) {
    const auto at = path + "[" + std::to_string(i) + "]";
    auto name = read_tool(tools[i], at);
    if (std::ranges::count(names, name) > 0)
      refuse(at + ".function.name", "is the name of an earlier tool, too");
    names.push_back(std::move(name));
  }
  return names;
}

// The one function that must be called.
std::string read_named_choice(const json::object& choice,
                              const std::string& path,
                              const std::vector<std::string>& names) {
  const fields in{choice, path + "."};
  if (in.text("type") != "function")
    refuse(in.path("type"), "must be 'function'");
  const auto* function = in.object("function");
  if (function == nullptr)
    refuse(in.path("function"), "must be an object");
  const fields inside{*function, in.path("function") + "."};
  const auto name = inside.text("name");
  if (!name)
    refuse(inside.path("name"), "must be a string");
  if (std::ranges::count(names, *name) == 0)
    refuse(inside.path("name"), "must be the name of one of 'tools'",
           *inside.find("name"));
  return std::string{*name};
}

} // namespace

void read_tools(const fields& in, api_request& out) {
  std::vector<std::string> names;
  const auto* tools = in.array("tools");
  if (tools != nullptr)
    names = read_list(*tools, in.path("tools"));
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
      out.must_call = read_named_choice(choice->get_object(), path, names);
    else if (text == "required")
      out.must_call.assign(1, '*');
  }
  if (!none && !names.empty())
    out.tools = json::serialize(*tools);
}

} // namespace sluice::actors
