// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/syntax.hpp"

#include <cassert>

namespace sluice::device {

expression syntax::add(expression_node node) {
  nodes_.push_back(std::move(node));
  return static_cast<expression>(nodes_.size() - 1);
}

expression syntax::nothing() {
  return add({});
}

expression syntax::text(std::string bytes) {
  expression_node node{expression_kind::text};
  node.text = std::move(bytes);
  return add(std::move(node));
}

expression syntax::chars(char_set set) {
  expression_node node{expression_kind::chars};
  node.chars = normalized(std::move(set));
  return add(std::move(node));
}

expression syntax::sequence(std::vector<expression> parts) {
  expression_node node{expression_kind::sequence};
  node.parts = std::move(parts);
  return add(std::move(node));
}

expression syntax::choice(std::vector<expression> parts) {
  if (parts.size() == 1)
    return parts.front();
  expression_node node{expression_kind::choice};
  node.parts = std::move(parts);
  return add(std::move(node));
}

expression syntax::repeat(expression part, std::uint32_t min,
                          std::uint32_t max) {
  assert(min <= max);
  expression_node node{expression_kind::repeat};
  node.parts = {part};
  node.min = min;
  node.max = max;
  return add(std::move(node));
}

expression syntax::list(std::vector<expression> parts,
                        std::vector<bool> required, expression separator) {
  assert(parts.size() == required.size());
  expression_node node{expression_kind::list};
  node.parts = std::move(parts);
  node.required = std::move(required);
  node.separator = separator;
  return add(std::move(node));
}

expression syntax::embed(machine automaton) {
  expression_node node{expression_kind::embed};
  node.automaton = std::make_shared<const machine>(std::move(automaton));
  return add(std::move(node));
}

expression syntax::begin() {
  return add({expression_kind::begin});
}

expression syntax::end() {
  return add({expression_kind::end});
}

rule_id syntax::declare(std::string name) {
  rules_.push_back({std::move(name), 0, false});
  return static_cast<rule_id>(rules_.size() - 1);
}

void syntax::define(rule_id rule, expression body) {
  rules_[rule].body = body;
  rules_[rule].defined = true;
}

expression syntax::call(rule_id rule) {
  expression_node node{expression_kind::call};
  node.rule = rule;
  return add(std::move(node));
}

expression syntax::call_of(std::string name, expression body) {
  const auto rule = declare(std::move(name));
  define(rule, body);
  return call(rule);
}

} // namespace sluice::device
