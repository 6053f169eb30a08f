// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/nesting.hpp"
#include "device/chat/parser.hpp"

#include <algorithm>

namespace sluice::device::jinja {

namespace {
const std::vector<std::string_view> statement_names = {
    "if",         "for",   "set",      "macro", "call", "filter", "with",
    "generation", "break", "continue", "raw",   "else", "elif"};
} // namespace

/// Statements up to a tag named in `ends`, whose name is left to be read;
/// without `ends`, up to the end of the template.
block parser::parse_until(std::initializer_list<std::string_view> ends,
                          std::string_view opener, std::uint32_t opened) {
  nesting guard(*this);
  block body;
  while (true) {
    const token t = take();
    switch (t.kind) {
    case token_kind::text:
      body.push_back({t.line, text_output{t.text}});
      break;
    case token_kind::variable_begin:
      body.push_back({t.line, value_output{parse_tuple(true, false)}});
      expect(token_kind::variable_end, "'}}'");
      break;
    case token_kind::block_begin:
      if (peek().kind == token_kind::name
          && std::find(ends.begin(), ends.end(), peek().text) != ends.end())
        return body;
      body.push_back(parse_statement());
      break;
    default:
      if (ends.size() == 0)
        return body;
      fail(opened, "'" + std::string(opener) + "' is not closed, expected '{% "
                       + std::string(*(ends.end() - 1)) + " %}'");
    }
  }
}

void parser::end_block() {
  expect(token_kind::block_end, "'%}'");
}

statement parser::parse_statement() {
  const token t = expect(token_kind::name, "a tag's name");
  const std::string_view name = t.text;
  if (name == "if")
    return parse_if(t.line);
  if (name == "for")
    return parse_for(t.line);
  if (name == "set")
    return parse_set(t.line);
  if (name == "macro")
    return parse_macro(t.line);
  if (name == "call")
    return parse_call_block(t.line);
  if (name == "filter")
    return parse_filter_block(t.line);
  if (name == "with")
    return parse_with(t.line);
  if (name == "generation")
    return parse_generation(t.line);
  if (name == "break" || name == "continue")
    return parse_jump(t.line, name);
  if (name.starts_with("end") || name == "else" || name == "elif")
    fail(t.line, "'" + std::string(name) + "' closes nothing");
  fail(t.line, "unknown tag '" + std::string(name) + "'"
                   + suggestion(name, statement_names));
}

statement parser::parse_if(std::uint32_t line) {
  if_statement made;
  const std::size_t unknown = unknown_.size();
  bool more = true;
  while (more) {
    expression_ref test = parse_tuple(false, false);
    end_block();
    made.branches.push_back(
        {test, parse_until({"elif", "else", "endif"}, "if", line)});
    more = accept_name("elif");
  }
  if (accept_name("else")) {
    end_block();
    made.branches.push_back({nullptr, parse_until({"endif"}, "if", line)});
  }
  unknown_.resize(unknown);
  take();
  end_block();
  return {line, std::move(made)};
}

assign_target parser::parse_one_target(bool with_attribute) {
  nesting guard(*this);
  assign_target target;
  if (accept_symbol("(")) {
    target = parse_target(with_attribute);
    expect_symbol(")");
    return target;
  }
  const token t = expect(token_kind::name, "a name to assign to");
  for (std::string_view constant :
       {"true", "false", "none", "True", "False", "None"})
    if (t.text == constant)
      fail(t.line, "cannot assign to '" + std::string(t.text) + "'");
  target.id = intern(t.text);
  if (with_attribute && accept_symbol("."))
    target.attribute = expect(token_kind::name, "a name after '.'").text;
  return target;
}

assign_target parser::parse_target(bool with_attribute) {
  assign_target first = parse_one_target(with_attribute);
  if (!is_symbol(","))
    return first;
  assign_target tuple;
  tuple.parts.push_back(std::move(first));
  while (accept_symbol(",") && peek().kind != token_kind::block_end
         && !is_symbol("=") && !is_symbol(")") && !is_name("in"))
    tuple.parts.push_back(parse_one_target(with_attribute));
  return tuple;
}

statement parser::parse_for(std::uint32_t line) {
  for_statement made;
  made.target = parse_target(false);
  if (!accept_name("in"))
    unexpected("'in'");
  made.items = parse_tuple(false, false, "recursive");
  made.filter = accept_name("if") ? parse_expression() : nullptr;
  made.recursive = accept_name("recursive");
  end_block();
  ++loops_;
  made.body = parse_until({"else", "endfor"}, "for", line);
  --loops_;
  if (accept_name("else")) {
    end_block();
    made.otherwise = parse_until({"endfor"}, "for", line);
  }
  take();
  end_block();
  return {line, std::move(made)};
}

statement parser::parse_set(std::uint32_t line) {
  assign_target target = parse_target(true);
  if (accept_symbol("=")) {
    expression_ref what = parse_tuple(true, false);
    end_block();
    return {line, set_statement{std::move(target), what}};
  }
  expression_ref filter = nullptr;
  while (accept_symbol("|"))
    filter = parse_filter(filter);
  end_block();
  block body = parse_until({"endset"}, "set", line);
  take();
  end_block();
  return {line, set_block{std::move(target), filter, std::move(body)}};
}

void parser::parse_parameters(macro_definition& macro) {
  expect_symbol("(");
  while (!is_symbol(")")) {
    const token name = expect(token_kind::name, "a parameter's name");
    expression_ref otherwise = nullptr;
    if (accept_symbol("="))
      otherwise = parse_expression();
    else if (!macro.parameters.empty() && macro.parameters.back().otherwise)
      fail(name.line, "parameter '" + std::string(name.text)
                          + "' without a default follows one with a default");
    macro.parameters.push_back({intern(name.text), name.text, otherwise});
    if (!accept_symbol(","))
      break;
  }
  expect_symbol(")");
}

void parser::parse_macro_body(macro_definition& macro, std::string_view opener,
                              std::string_view end, std::uint32_t line) {
  const symbol special[] = {intern("varargs"), intern("kwargs"),
                            intern("caller")};
  const std::size_t before[] = {uses_[special[0]], uses_[special[1]],
                                uses_[special[2]]};
  end_block();
  const unsigned loops = std::exchange(loops_, 0);
  macro.body = parse_until({end}, opener, line);
  loops_ = loops;
  take();
  end_block();
  macro.takes_varargs = uses_[special[0]] != before[0];
  macro.takes_kwargs = uses_[special[1]] != before[1];
  macro.takes_caller = uses_[special[2]] != before[2];
}

statement parser::parse_macro(std::uint32_t line) {
  auto macro = std::make_shared<macro_definition>();
  macro->name = expect(token_kind::name, "the macro's name").text;
  macro->id = intern(macro->name);
  parse_parameters(*macro);
  parse_macro_body(*macro, "macro", "endmacro", line);
  return {line, macro_statement{std::move(macro)}};
}

statement parser::parse_call_block(std::uint32_t line) {
  auto caller = std::make_shared<macro_definition>();
  caller->name = "caller";
  caller->id = intern("caller");
  if (is_symbol("("))
    parse_parameters(*caller);
  expression_ref target = parse_expression();
  if (!std::holds_alternative<call>(target->node))
    fail(line, "'call' wants a call of a macro");
  parse_macro_body(*caller, "call", "endcall", line);
  return {line, call_block{target, std::move(caller)}};
}

statement parser::parse_filter_block(std::uint32_t line) {
  expression_ref filter = parse_filter(nullptr);
  while (accept_symbol("|"))
    filter = parse_filter(filter);
  end_block();
  block body = parse_until({"endfilter"}, "filter", line);
  take();
  end_block();
  return {line, filter_block{filter, std::move(body)}};
}

statement parser::parse_with(std::uint32_t line) {
  scoped_block made;
  while (peek().kind != token_kind::block_end) {
    assign_target target = parse_one_target(false);
    expect_symbol("=");
    made.assignments.emplace_back(std::move(target), parse_expression());
    if (!accept_symbol(","))
      break;
  }
  end_block();
  made.body = parse_until({"endwith"}, "with", line);
  take();
  end_block();
  return {line, std::move(made)};
}

statement parser::parse_generation(std::uint32_t line) {
  end_block();
  scoped_block made;
  made.body = parse_until({"endgeneration"}, "generation", line);
  take();
  end_block();
  return {line, std::move(made)};
}

statement parser::parse_jump(std::uint32_t line, std::string_view keyword) {
  if (loops_ == 0)
    fail(line, "'" + std::string(keyword) + "' outside of a loop");
  end_block();
  if (keyword == "break")
    return {line, break_statement{}};
  return {line, continue_statement{}};
}

} // namespace sluice::device::jinja
