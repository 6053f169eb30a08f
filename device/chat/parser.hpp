// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Tokens to syntax tree, by jinja2's grammar. Used by chat_template alone.
#pragma once

#include "device/chat/ast.hpp"
#include "device/chat/lexer.hpp"

#include <initializer_list>
#include <unordered_map>

namespace sluice::device::jinja {

/// Bounds the parser's own recursion, and with it the tree's statements.
inline constexpr unsigned max_nesting = 100;

class parser {
public:
  /// Reads out.source, fills the rest of `out`.
  explicit parser(program& out);
  /// Throws syntax_fault.
  void run();

private:
  class nesting;

  // tokens
  const token& peek(std::size_t ahead = 0) const;
  token take();
  bool is_symbol(std::string_view s) const;
  bool is_name(std::string_view s) const;
  bool accept_symbol(std::string_view s);
  bool accept_name(std::string_view s);
  token expect(token_kind kind, std::string_view what);
  void expect_symbol(std::string_view s);
  [[noreturn]] void unexpected(std::string_view wanted) const;
  [[noreturn]] void fail(std::uint32_t line, std::string message) const;
  symbol intern(std::string_view name);

  // expressions
  template <class Node>
  expression_ref make(std::uint32_t line, Node&& node) {
    return &out_.expressions.emplace_back(
        expression{line, std::forward<Node>(node)});
  }
  expression_ref parse_expression(bool with_conditional = true);
  expression_ref parse_conditional();
  expression_ref parse_logic(bool all);
  expression_ref parse_not();
  expression_ref parse_comparison();
  expression_ref parse_binary(int level);
  expression_ref parse_unary(bool with_filter);
  expression_ref parse_primary();
  expression_ref parse_constant_name();
  expression_ref parse_string();
  expression_ref parse_number();
  expression_ref parse_list();
  expression_ref parse_dict();
  /// Comma separated; one without a comma is itself unless in parentheses.
  expression_ref parse_tuple(bool with_conditional, bool parenthesised,
                             std::string_view end_name = {});
  bool tuple_ends(std::string_view end_name) const;
  expression_ref parse_postfix(expression_ref node);
  expression_ref parse_dot(expression_ref node);
  expression_ref parse_subscript(expression_ref node);
  expression_ref parse_filters(expression_ref node);
  expression_ref parse_filter(expression_ref subject);
  expression_ref parse_test(expression_ref subject);
  call_arguments parse_call_arguments();
  std::string_view parse_dotted_name();

  // statements
  block parse_until(std::initializer_list<std::string_view> ends,
                    std::string_view opener, std::uint32_t opened);
  statement parse_statement();
  statement parse_if(std::uint32_t line);
  statement parse_for(std::uint32_t line);
  statement parse_set(std::uint32_t line);
  statement parse_macro(std::uint32_t line);
  statement parse_call_block(std::uint32_t line);
  statement parse_filter_block(std::uint32_t line);
  statement parse_with(std::uint32_t line);
  statement parse_generation(std::uint32_t line);
  statement parse_jump(std::uint32_t line, std::string_view keyword);
  assign_target parse_target(bool with_attribute);
  assign_target parse_one_target(bool with_attribute);
  void parse_parameters(macro_definition& macro);
  void parse_macro_body(macro_definition& macro, std::string_view opener,
                        std::string_view end, std::uint32_t line);
  void end_block();

  program& out_;
  std::vector<token> tokens_;
  std::size_t at_ = 0;
  unsigned nesting_ = 0;
  /// Unknown filters and tests: errors, unless a condition turns out to
  /// guard them; then only if they are reached.
  std::vector<syntax_fault> unknown_;
  unsigned loops_ = 0;
  std::unordered_map<std::string_view, symbol> ids_;
  std::vector<std::size_t> uses_; ///< by symbol: how often it was named
};

/// " (did you mean 'x'?)" when one of `known` is near `name`.
std::string suggestion(std::string_view name,
                       const std::vector<std::string_view>& known);

} // namespace sluice::device::jinja
