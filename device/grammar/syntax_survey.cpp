// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/syntax_survey.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

constexpr std::uint64_t small_rule = 100; // drawn into its callers
constexpr std::uint64_t unknown = ~std::uint64_t{0};
constexpr std::uint64_t heavy = unknown / 1'000'000; // as heavy as any

std::uint64_t weight_of_chars(const char_set& chars) {
  std::uint64_t sum = 0;
  bool single = true;
  for (const auto& sequence : spell(chars)) {
    sum += sequence.size;
    single &= sequence.size == 1;
  }
  return single ? 1 : sum;
}

} // namespace

// An expression's parts have smaller ids than itself, so what is known of all
// of them is found in one loop over ids.
syntax_survey::syntax_survey(const syntax& from, work_budget& budget)
    : from_{from}, budget_{budget}, nullable_(from.size()),
      weights_(from.size(), unknown),
      rule_weights_(from.rules().size(), unknown) {
  find_nullable();
  find_weights();
}

bool syntax_survey::is_small(rule_id rule) const {
  return rule_weights_[rule] <= small_rule;
}

void syntax_survey::find_nullable() {
  for (bool changed = true; changed;) {
    changed = false;
    budget_.steps(from_.size());
    for (expression i = 0; i < from_.size(); ++i)
      if (!nullable_[i] && matches_empty(from_.node(i)))
        changed = nullable_[i] = true;
  }
}

bool syntax_survey::matches_empty(const expression_node& node) const {
  const auto part = [this](expression p) { return bool{nullable_[p]}; };
  switch (node.kind) {
  case expression_kind::nothing:
  case expression_kind::chars:
    return false;
  case expression_kind::text:
    return node.text.empty();
  case expression_kind::sequence:
    return std::ranges::all_of(node.parts, part);
  case expression_kind::choice:
    return std::ranges::any_of(node.parts, part);
  case expression_kind::repeat:
    return node.min == 0 || part(node.parts.front());
  case expression_kind::list:
    for (std::size_t i = 0; i < node.parts.size(); ++i)
      if (node.required[i] && !part(node.parts[i]))
        return false;
    return true;
  case expression_kind::call:
    return from_.rules()[node.rule].defined && is_nullable(node.rule);
  case expression_kind::embed:
    return !node.automaton->is_empty()
           && node.automaton->states.front().accepting;
  case expression_kind::begin:
  case expression_kind::end:
    return true;
  }
  return false;
}

// Rules that call each other in a circle stay unknown: they are not small.
void syntax_survey::find_weights() {
  for (bool changed = true; changed;) {
    changed = false;
    budget_.steps(from_.size());
    for (expression i = 0; i < from_.size(); ++i)
      if (weights_[i] == unknown)
        weights_[i] = weight_of(from_.node(i));
    for (rule_id rule = 0; rule < from_.rules().size(); ++rule) {
      const auto& known = from_.rules()[rule];
      if (rule_weights_[rule] != unknown || !known.defined
          || weights_[known.body] == unknown)
        continue;
      rule_weights_[rule] = weights_[known.body];
      changed = true;
    }
  }
  settled_ = true;
  for (expression i = 0; i < from_.size(); ++i)
    if (weights_[i] == unknown)
      weights_[i] = weight_of(from_.node(i));
}

std::uint64_t syntax_survey::weight_of(const expression_node& node) const {
  std::uint64_t sum = 1;
  for (const auto part : node.parts) {
    if (weights_[part] == unknown)
      return unknown;
    sum += weights_[part];
  }
  switch (node.kind) {
  case expression_kind::text:
    return std::max<std::uint64_t>(1, node.text.size());
  case expression_kind::chars:
    return weight_of_chars(node.chars);
  case expression_kind::repeat: {
    const auto count = node.max == no_limit ? node.min + 1ull : node.max;
    const auto once = weights_[node.parts.front()];
    return count > heavy / once ? heavy
                                : std::max<std::uint64_t>(1, once * count);
  }
  case expression_kind::call: {
    const auto weight = rule_weights_[node.rule];
    if (weight == unknown)
      return settled_ ? 1 : unknown;
    return weight <= small_rule ? weight : 1;
  }
  case expression_kind::embed:
    return 1 + node.automaton->states.size();
  default:
    return std::min(sum, heavy);
  }
}

} // namespace sluice::device
