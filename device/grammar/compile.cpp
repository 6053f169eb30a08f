// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/compile.hpp"

#include "device/grammar/gbnf.hpp"
#include "device/grammar/json_schema.hpp"
#include "device/grammar/regex_syntax.hpp"
#include "device/grammar/structure.hpp"

#include <boost/json/parse.hpp>

#include <cassert>

namespace sluice::device {

namespace json = boost::json;

namespace {

constexpr std::size_t longest_source = std::size_t{512} << 10; // bytes
constexpr std::size_t deepest_json = 64;                       // levels

json::value parse_json(const std::string& text) {
  json::parse_options options;
  options.max_depth = deepest_json;
  json::error_code failed;
  auto value = json::parse(text, failed, {}, options);
  if (failed == json::error::too_deep)
    throw model_error("nests deeper than " + std::to_string(deepest_json)
                      + " levels");
  if (failed)
    throw model_error("is not JSON: " + failed.message());
  return value;
}

expression parse_choices(const std::string& text, syntax& into) {
  const auto value = parse_json(text);
  if (!value.is_array() || value.get_array().empty())
    throw model_error("must be an array of strings, not empty");
  std::vector<expression> branches;
  for (const auto& one : value.get_array()) {
    if (!one.is_string() || one.get_string().empty())
      throw model_error("must hold strings only, none of them empty");
    branches.push_back(into.text(std::string{one.get_string()}));
  }
  return into.choice(std::move(branches));
}

rule_id parse_source(const grammar_source& source, syntax& into,
                     work_budget& budget) {
  if (source.text.size() > longest_source)
    throw model_error("must not be longer than "
                      + std::to_string(longest_source) + " bytes");
  if (source.kind == grammar_kind::gbnf)
    return parse_gbnf(source.text, into);
  const auto root = into.declare("root");
  switch (source.kind) {
  case grammar_kind::regex:
    into.define(
        root, into.embed(regex_machine(source.text, regex_use::whole, budget)));
    break;
  case grammar_kind::choice:
    into.define(root, parse_choices(source.text, into));
    break;
  case grammar_kind::json_object:
    into.define(root, parse_json_object(into));
    break;
  case grammar_kind::json_schema:
    into.define(root, parse_json_schema(parse_json(source.text), into, budget));
    break;
  case grammar_kind::structure:
    into.define(root, parse_structure(parse_json(source.text), into, budget));
    break;
  case grammar_kind::none:
  case grammar_kind::gbnf:
    assert(false);
  }
  return root;
}

std::string_view name_of(const grammar_source& source) {
  if (!source.name.empty())
    return source.name;
  switch (source.kind) {
  case grammar_kind::none:
  case grammar_kind::json_object:
    return "json_object";
  case grammar_kind::json_schema:
    return "schema";
  case grammar_kind::regex:
    return "regex";
  case grammar_kind::choice:
    return "choice";
  case grammar_kind::gbnf:
    return "grammar";
  case grammar_kind::structure:
    return "structure";
  }
  return "grammar";
}

} // namespace

std::shared_ptr<const compiled_grammar>
compile_grammar(const grammar_source& source,
                std::shared_ptr<const token_trie> vocabulary) {
  assert(source);
  try {
    work_budget budget;
    syntax rules;
    const auto root = parse_source(source, rules, budget);
    return std::make_shared<const compiled_grammar>(
        link_rules(rules, root, budget), std::move(vocabulary), budget);
  } catch (const model_error& e) {
    // A path goes on where the name ends.
    const std::string_view text = e.what();
    const bool path = text.starts_with('.') || text.starts_with('[');
    throw model_error(std::string{name_of(source)} + (path ? "" : ": ")
                      + e.what());
  }
}

} // namespace sluice::device
