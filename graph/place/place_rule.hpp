// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The rules of a placement file as its steps use them: one use per selector.
// Checks what a rule says by itself; knows nothing of how rules are merged.
#pragma once

#include "graph/place/selector.hpp"
#include "graph/place/steps.hpp"

#include <string>
#include <vector>

namespace sluice::graph {

/// One selector of one rule.
struct rule_use {
  selector who;
  schema::PlaceRule::Reader rule;
  std::string at; ///< "place[1]"
};

/// Every rule, once for each actor or pattern that it names.
std::vector<rule_use> read_rules(const placement_draft& draft,
                                 diagnostics& found);

} // namespace sluice::graph
