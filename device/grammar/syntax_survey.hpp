// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What is known of expressions and rules before anything is drawn: which match
// the empty text, and how large each would be. Used by what draws them.
#pragma once

#include "device/grammar/syntax.hpp"

#include <cstdint>
#include <vector>

namespace sluice::device {

class syntax_survey {
public:
  /// Both must outlive it. Throws model_error when the budget is spent.
  syntax_survey(const syntax& from, work_budget& budget);

  bool is_nullable(rule_id rule) const {
    return nullable_[from_.rules()[rule].body];
  }
  bool is_nullable_part(expression at) const { return nullable_[at]; }
  /// Small enough to be drawn into its callers, and not recursive.
  bool is_small(rule_id rule) const;
  /// About how many states it takes, 1 for a call of a rule that is not small.
  std::uint64_t weight(expression at) const { return weights_[at]; }

private:
  void find_nullable();
  bool matches_empty(const expression_node& node) const;
  void find_weights();
  std::uint64_t weight_of(const expression_node& node) const;

  const syntax& from_;
  work_budget& budget_;
  std::vector<bool> nullable_;
  std::vector<std::uint64_t> weights_;
  std::vector<std::uint64_t> rule_weights_;
  bool settled_ = false; // what is unknown now is recursive
};

} // namespace sluice::device
