// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/nesting.hpp"
#include "device/chat/parser.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace sluice::device::jinja {

namespace {

struct binary_name {
  std::string_view text;
  int level; ///< 0 binds loosest
  binary_operator op;
};
constexpr binary_name binary_names[] = {
    {"+", 0, binary_operator::add},
    {"-", 0, binary_operator::subtract},
    {"~", 1, binary_operator::concatenate},
    {"*", 2, binary_operator::multiply},
    {"/", 2, binary_operator::divide},
    {"//", 2, binary_operator::floor_divide},
    {"%", 2, binary_operator::modulo},
    {"**", 3, binary_operator::power},
};
constexpr int binary_levels = 4;

constexpr std::pair<std::string_view, comparison_operator> comparison_names[] =
    {{"==", comparison_operator::equal},
     {"!=", comparison_operator::unequal},
     {"<", comparison_operator::less},
     {"<=", comparison_operator::less_equal},
     {">", comparison_operator::greater},
     {">=", comparison_operator::greater_equal}};

std::optional<binary_operator> binary_at(const token& t, int level) {
  if (t.kind == token_kind::symbol)
    for (const auto& b : binary_names)
      if (b.level == level && b.text == t.text)
        return b.op;
  return std::nullopt;
}

} // namespace

expression_ref parser::parse_expression(bool with_conditional) {
  nesting guard(*this);
  return with_conditional ? parse_conditional() : parse_logic(false);
}

expression_ref parser::parse_conditional() {
  const std::uint32_t line = peek().line;
  const std::size_t unknown = unknown_.size();
  expression_ref value = parse_logic(false);
  while (accept_name("if")) {
    expression_ref test = parse_logic(false);
    expression_ref otherwise = nullptr;
    if (accept_name("else"))
      otherwise = parse_expression();
    value = make(line, conditional{test, value, otherwise});
    unknown_.resize(unknown);
  }
  return value;
}

expression_ref parser::parse_logic(bool all) {
  const std::uint32_t line = peek().line;
  const auto operand = [&] { return all ? parse_not() : parse_logic(true); };
  expression_ref first = operand();
  if (!is_name(all ? "and" : "or"))
    return first;
  logic_chain chain{all, {first}};
  while (accept_name(all ? "and" : "or"))
    chain.operands.push_back(operand());
  return make(line, std::move(chain));
}

expression_ref parser::parse_not() {
  if (!is_name("not"))
    return parse_comparison();
  nesting guard(*this);
  const std::uint32_t line = take().line;
  return make(line, unary{unary_operator::logical_not, parse_not()});
}

expression_ref parser::parse_comparison() {
  const std::uint32_t line = peek().line;
  comparison_chain chain{parse_binary(0), {}};
  while (true) {
    std::optional<comparison_operator> op;
    for (const auto& [text, o] : comparison_names)
      if (is_symbol(text))
        op = o;
    if (is_name("in"))
      op = comparison_operator::in;
    if (is_name("not") && peek(1).kind == token_kind::name
        && peek(1).text == "in") {
      take();
      op = comparison_operator::not_in;
    }
    if (!op)
      break;
    take();
    chain.rest.emplace_back(*op, parse_binary(0));
  }
  return chain.rest.empty() ? chain.first : make(line, std::move(chain));
}

expression_ref parser::parse_binary(int level) {
  if (level == binary_levels)
    return parse_unary(true);
  const std::uint32_t line = peek().line;
  binary_chain chain{parse_binary(level + 1), {}};
  while (const auto op = binary_at(peek(), level)) {
    take();
    chain.rest.emplace_back(*op, parse_binary(level + 1));
  }
  return chain.rest.empty() ? chain.first : make(line, std::move(chain));
}

expression_ref parser::parse_unary(bool with_filter) {
  nesting guard(*this);
  const std::uint32_t line = peek().line;
  expression_ref node = nullptr;
  if (accept_symbol("-"))
    node = make(line, unary{unary_operator::negate, parse_unary(false)});
  else if (accept_symbol("+"))
    node = make(line, unary{unary_operator::plus, parse_unary(false)});
  else
    node = parse_primary();
  node = parse_postfix(node);
  return with_filter ? parse_filters(node) : node;
}

expression_ref parser::parse_primary() {
  switch (peek().kind) {
  case token_kind::name:
    return parse_constant_name();
  case token_kind::string:
    return parse_string();
  case token_kind::integer:
  case token_kind::real:
    return parse_number();
  default:
    break;
  }
  if (accept_symbol("(")) {
    expression_ref node = parse_tuple(true, true);
    expect_symbol(")");
    return node;
  }
  if (is_symbol("["))
    return parse_list();
  if (is_symbol("{"))
    return parse_dict();
  unexpected("an expression");
}

expression_ref parser::parse_constant_name() {
  const token t = take();
  if (t.text == "true" || t.text == "True")
    return make(t.line, literal{value::of_bool(true)});
  if (t.text == "false" || t.text == "False")
    return make(t.line, literal{value::of_bool(false)});
  if (t.text == "none" || t.text == "None")
    return make(t.line, literal{value::none()});
  return make(t.line, name_reference{intern(t.text)});
}

expression_ref parser::parse_string() {
  const token first = take();
  std::string_view text = first.text;
  if (peek().kind == token_kind::string) {
    std::string& joined = out_.strings.emplace_back(text);
    while (peek().kind == token_kind::string)
      joined += take().text;
    text = joined;
  }
  return make(first.line, literal{value::of_text(text)});
}

expression_ref parser::parse_number() {
  const token t = take();
  std::string digits;
  for (char c : t.text)
    if (c != '_')
      digits += c;
  const char* from = digits.data();
  const char* end = from + digits.size();
  if (t.kind == token_kind::real) {
    double d = 0;
    if (std::from_chars(from, end, d).ec == std::errc::result_out_of_range)
      d = digits.find('-') == std::string::npos ? HUGE_VAL : 0;
    return make(t.line, literal{value::of_real(d)});
  }
  int base = 10;
  if (digits.size() > 2 && digits[0] == '0' && digits[1] > '9') {
    const char b = static_cast<char>(digits[1] | 32);
    base = b == 'x' ? 16 : b == 'o' ? 8 : 2;
    from += 2;
  }
  std::int64_t i = 0;
  const auto [stop, error] = std::from_chars(from, end, i, base);
  if (error != std::errc() || stop != end)
    fail(t.line, "'" + std::string(t.text) + "' is no 64-bit integer");
  return make(t.line, literal{value::of_int(i)});
}

expression_ref parser::parse_list() {
  const std::uint32_t line = take().line;
  sequence_literal list{{}, false};
  while (!is_symbol("]")) {
    list.items.push_back(parse_expression());
    if (!accept_symbol(","))
      break;
  }
  expect_symbol("]");
  return make(line, std::move(list));
}

expression_ref parser::parse_dict() {
  const std::uint32_t line = take().line;
  mapping_literal dict;
  while (!is_symbol("}")) {
    expression_ref key = parse_expression();
    expect_symbol(":");
    dict.entries.emplace_back(key, parse_expression());
    if (!accept_symbol(","))
      break;
  }
  expect_symbol("}");
  return make(line, std::move(dict));
}

bool parser::tuple_ends(std::string_view end_name) const {
  const token_kind k = peek().kind;
  return k == token_kind::variable_end || k == token_kind::block_end
         || k == token_kind::end || is_symbol(")") || is_symbol("=")
         || (!end_name.empty() && is_name(end_name));
}

expression_ref parser::parse_tuple(bool with_conditional, bool parenthesised,
                                   std::string_view end_name) {
  const std::uint32_t line = peek().line;
  sequence_literal tuple{{}, true};
  bool comma = false;
  while (!tuple_ends(end_name)) {
    tuple.items.push_back(parse_expression(with_conditional));
    comma = accept_symbol(",");
    if (!comma)
      break;
  }
  if (tuple.items.size() == 1 && !comma)
    return tuple.items[0];
  if (tuple.items.empty() && !parenthesised)
    unexpected("an expression");
  return make(line, std::move(tuple));
}

} // namespace sluice::device::jinja
