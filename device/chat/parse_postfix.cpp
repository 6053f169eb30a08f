// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What may follow a primary expression: dots, subscripts, calls, filters and
// tests; and the arguments of the latter three.

#include "device/chat/filters.hpp"
#include "device/chat/nesting.hpp"
#include "device/chat/parser.hpp"
#include "device/chat/tests.hpp"

#include <charconv>

namespace sluice::device::jinja {

expression_ref parser::parse_postfix(expression_ref node) {
  while (true) {
    if (is_symbol("."))
      node = parse_dot(node);
    else if (is_symbol("["))
      node = parse_subscript(node);
    else if (is_symbol("(")) {
      const std::uint32_t line = peek().line;
      node = make(line, call{node, parse_call_arguments()});
    } else
      return node;
  }
}

expression_ref parser::parse_dot(expression_ref node) {
  take();
  const token t = take();
  if (t.kind == token_kind::name)
    return make(t.line, attribute_access{node, t.text});
  std::int64_t index = 0;
  if (t.kind == token_kind::integer
      && std::from_chars(t.text.begin(), t.text.end(), index).ec == std::errc())
    return make(t.line,
                subscript{node, make(t.line, literal{value::of_int(index)})});
  --at_;
  unexpected("a name after '.'");
}

expression_ref parser::parse_subscript(expression_ref node) {
  const std::uint32_t line = take().line;
  nesting guard(*this);
  const auto bound = [&]() -> expression_ref {
    return is_symbol(":") || is_symbol("]") ? nullptr : parse_expression();
  };
  expression_ref start = bound();
  if (!is_symbol(":")) {
    if (!start)
      unexpected("an index");
    if (is_symbol(",")) {
      sequence_literal tuple{{start}, true};
      while (accept_symbol(",") && !is_symbol("]"))
        tuple.items.push_back(parse_expression());
      start = make(line, std::move(tuple));
    }
    expect_symbol("]");
    return make(line, subscript{node, start});
  }
  take();
  expression_ref stop = bound();
  expression_ref step = nullptr;
  if (accept_symbol(":"))
    step = bound();
  expect_symbol("]");
  return make(line, slice{node, start, stop, step});
}

expression_ref parser::parse_filters(expression_ref node) {
  while (true) {
    if (is_symbol("|")) {
      take();
      node = parse_filter(node);
    } else if (is_name("is")) {
      take();
      node = parse_test(node);
    } else if (is_symbol("(")) {
      const std::uint32_t line = peek().line;
      node = make(line, call{node, parse_call_arguments()});
    } else {
      return node;
    }
  }
}

std::string_view parser::parse_dotted_name() {
  std::string_view name = expect(token_kind::name, "a name").text;
  while (accept_symbol(".")) {
    const std::string_view part = expect(token_kind::name, "a name").text;
    name =
        out_.strings.emplace_back(std::string(name) + "." + std::string(part));
  }
  return name;
}

expression_ref parser::parse_filter(expression_ref subject) {
  const std::uint32_t line = peek().line;
  const std::string_view name = parse_dotted_name();
  const operation run = find_filter(name);
  if (!run)
    unknown_.push_back({line, "unknown filter '" + std::string(name) + "'"
                                  + suggestion(name, filter_names())});
  filter_use use{subject, name, run, {}};
  if (is_symbol("("))
    use.args = parse_call_arguments();
  return make(line, std::move(use));
}

expression_ref parser::parse_test(expression_ref subject) {
  const std::uint32_t line = peek().line;
  const bool negated = accept_name("not");
  const std::string_view name = parse_dotted_name();
  const predicate run = find_test(name);
  if (!run)
    unknown_.push_back({line, "unknown test '" + std::string(name) + "'"
                                  + suggestion(name, test_names())});
  test_use use{subject, name, run, negated, {}};
  const token& t = peek();
  const bool word = t.kind == token_kind::name && t.text != "else"
                    && t.text != "or" && t.text != "and";
  if (is_symbol("(")) {
    use.args = parse_call_arguments();
  } else if (word || t.kind == token_kind::string
             || t.kind == token_kind::integer || t.kind == token_kind::real
             || is_symbol("[") || is_symbol("{")) {
    if (is_name("is"))
      fail(t.line, "tests cannot be chained with 'is'");
    use.args.positional.push_back(parse_postfix(parse_primary()));
  }
  return make(line, std::move(use));
}

call_arguments parser::parse_call_arguments() {
  nesting guard(*this);
  call_arguments args;
  expect_symbol("(");
  while (!is_symbol(")")) {
    if (accept_symbol("**")) {
      args.more_named = parse_expression();
    } else if (accept_symbol("*")) {
      args.more_positional = parse_expression();
    } else if (peek().kind == token_kind::name
               && peek(1).kind == token_kind::symbol && peek(1).text == "=") {
      const std::string_view name = take().text;
      take();
      args.named.emplace_back(name, parse_expression());
    } else {
      if (!args.named.empty())
        fail(peek().line, "a positional argument follows a named one");
      args.positional.push_back(parse_expression());
    }
    if (!accept_symbol(","))
      break;
  }
  expect_symbol(")");
  return args;
}

} // namespace sluice::device::jinja
