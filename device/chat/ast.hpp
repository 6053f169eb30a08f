// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The parsed template. Made by the parser, read by the renderer, immutable in
// between. Expressions lie in one deque and point at each other, so freeing a
// deep tree needs no recursion.
#pragma once

#include "device/chat/arguments.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::device::jinja {

struct expression;
struct statement;
using expression_ref = const expression*; ///< null: absent
using block = std::vector<statement>;
using symbol = std::uint32_t; ///< index into program::symbols

struct call_arguments {
  std::vector<expression_ref> positional;
  std::vector<std::pair<std::string_view, expression_ref>> named;
  expression_ref more_positional = nullptr; ///< *args
  expression_ref more_named = nullptr;      ///< **kwargs
};

struct literal {
  value constant;
};
struct name_reference {
  symbol id;
};
struct sequence_literal {
  std::vector<expression_ref> items;
  bool tuple;
};
struct mapping_literal {
  std::vector<std::pair<expression_ref, expression_ref>> entries;
};
enum class unary_operator : std::uint8_t { negate, plus, logical_not };
struct unary {
  unary_operator op;
  expression_ref operand;
};
enum class binary_operator : std::uint8_t {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  power,
  concatenate
};
/// Operators of one precedence, from left to right.
struct binary_chain {
  expression_ref first;
  std::vector<std::pair<binary_operator, expression_ref>> rest;
};
enum class comparison_operator : std::uint8_t {
  equal,
  unequal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in
};
struct comparison_chain {
  expression_ref first;
  std::vector<std::pair<comparison_operator, expression_ref>> rest;
};
struct logic_chain {
  bool all; ///< and; else or
  std::vector<expression_ref> operands;
};
struct conditional {
  expression_ref test, then, otherwise;
};
struct attribute_access {
  expression_ref object;
  std::string_view name;
};
struct subscript {
  expression_ref object, index;
};
struct slice {
  expression_ref object, start, stop, step;
};
struct call {
  expression_ref callee;
  call_arguments args;
};
/// `run` is null for an unknown filter in a branch that may never be taken.
/// `subject` is null in a filter block.
struct filter_use {
  expression_ref subject;
  std::string_view name;
  operation run;
  call_arguments args;
};
struct test_use {
  expression_ref subject;
  std::string_view name;
  predicate run;
  bool negated;
  call_arguments args;
};

struct expression {
  std::uint32_t line;
  std::variant<literal, name_reference, sequence_literal, mapping_literal,
               unary, binary_chain, comparison_chain, logic_chain, conditional,
               attribute_access, subscript, slice, call, filter_use, test_use>
      node;
};

/// What `set` and `for` assign to: a name, a namespace's attribute, or
/// several targets.
struct assign_target {
  symbol id = 0;
  std::string_view attribute; ///< empty: the name itself
  std::vector<assign_target> parts;
};

struct text_output {
  std::string_view text;
};
struct value_output {
  expression_ref what;
};
struct if_statement {
  struct branch {
    expression_ref test; ///< null: else
    block body;
  };
  std::vector<branch> branches;
};
struct for_statement {
  assign_target target;
  expression_ref items, filter;
  bool recursive;
  block body, otherwise;
};
struct set_statement {
  assign_target target;
  expression_ref what;
};
struct set_block {
  assign_target target;
  expression_ref filter; ///< filter_use, or null
  block body;
};
struct macro_definition {
  std::string_view name;
  symbol id;
  struct parameter {
    symbol id;
    std::string_view name;
    expression_ref otherwise; ///< null: none
  };
  std::vector<parameter> parameters;
  bool takes_varargs, takes_kwargs, takes_caller;
  block body;
};
/// Shared: a macro object outlives no program, but statements may move while
/// they are parsed.
struct macro_statement {
  std::shared_ptr<const macro_definition> macro;
};
struct call_block {
  expression_ref target; ///< a call
  std::shared_ptr<const macro_definition> caller;
};
struct filter_block {
  expression_ref filter;
  block body;
};
/// with, and generation (which marks text for training and prints it).
struct scoped_block {
  std::vector<std::pair<assign_target, expression_ref>> assignments;
  block body;
};
struct break_statement {};
struct continue_statement {};

struct statement {
  std::uint32_t line;
  std::variant<text_output, value_output, if_statement, for_statement,
               set_statement, set_block, macro_statement, call_block,
               filter_block, scoped_block, break_statement, continue_statement>
      node;
};

/// Views in the tree point into `source` and `strings`: not copied, not moved.
struct program {
  program() = default;
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  std::string source;
  std::deque<std::string> strings;
  std::vector<std::string_view> symbols;
  std::deque<expression> expressions;
  block body;
};

} // namespace sluice::device::jinja
