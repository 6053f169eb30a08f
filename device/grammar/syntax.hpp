// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A grammar as the front ends write it: rules whose bodies are expressions.
// The one language between them and the automata. Knows no JSON, no notation
// and no tokens.
#pragma once

#include "device/grammar/machine.hpp"
#include "device/grammar/utf8_ranges.hpp"

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace sluice::device {

/// An expression of one `syntax`; may be used more than once.
using expression = std::uint32_t;
using rule_id = std::uint32_t;

inline constexpr std::uint32_t no_limit =
    std::numeric_limits<std::uint32_t>::max();

enum class expression_kind : std::uint8_t {
  nothing,  ///< matches no text at all
  text,     ///< these bytes
  chars,    ///< one character of a set
  sequence, ///< parts in a row; no parts: the empty text
  choice,   ///< one of the parts
  repeat,   ///< part 0, min to max times
  list,     ///< parts in a row, some left out, a separator between those there
  call,     ///< a rule
  embed,    ///< a machine
  begin,    ///< the empty text, before everything
  end,      ///< the empty text, after everything
};

struct expression_node {
  expression_kind kind = expression_kind::nothing;
  std::string text = {};
  char_set chars = {};
  std::vector<expression> parts = {};
  std::vector<bool> required = {}; ///< list: of each part
  expression separator = 0;        ///< list
  std::uint32_t min = 0;           ///< repeat
  std::uint32_t max = 0;           ///< repeat; no_limit
  rule_id rule = 0;                ///< call
  std::shared_ptr<const machine> automaton = {};
};

struct syntax_rule {
  std::string name; ///< for errors
  expression body = 0;
  bool defined = false;
};

class syntax {
public:
  expression nothing();
  expression empty() { return sequence({}); }
  expression text(std::string bytes);
  expression chars(char_set set);
  expression sequence(std::vector<expression> parts);
  expression choice(std::vector<expression> parts);
  expression repeat(expression part, std::uint32_t min, std::uint32_t max);
  expression optional(expression part) { return repeat(part, 0, 1); }
  /// Parts that are not required may be left out.
  expression list(std::vector<expression> parts, std::vector<bool> required,
                  expression separator);
  expression embed(machine automaton);
  expression begin();
  expression end();

  /// A rule without a body yet, so that bodies may call it.
  rule_id declare(std::string name);
  void define(rule_id rule, expression body);
  expression call(rule_id rule);
  /// A rule with this body, called.
  expression call_of(std::string name, expression body);

  const expression_node& node(expression at) const { return nodes_[at]; }
  std::size_t size() const noexcept { return nodes_.size(); }
  const std::vector<syntax_rule>& rules() const noexcept { return rules_; }

private:
  expression add(expression_node node);

  std::vector<expression_node> nodes_;
  std::vector<syntax_rule> rules_;
};

/// An expression without calls as a machine. Throws model_error when the
/// budget is spent.
machine draw_machine(const syntax& from, expression what, work_budget& budget);

/// The machine of every rule; small rules are drawn into their callers. The
/// ids of rules stay; `root` is always drawn. Throws model_error for a rule
/// that is called but not defined, and when the budget is spent.
std::vector<machine> draw_rules(const syntax& from, rule_id root,
                                work_budget& budget);

} // namespace sluice::device
