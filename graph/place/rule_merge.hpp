// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the rules that speak of one actor, or of one part of it, say together:
// the closest selector decides each field. Used by place_actors.
#pragma once

#include "graph/place/place_rule.hpp"

#include <string>
#include <vector>

namespace sluice::graph {

class rule_merge {
public:
  rule_merge(const placement_draft& draft, std::string title,
             std::vector<const rule_use*> uses, diagnostics& found);

  /// The rule that decides `field`; null if none writes it. Two equally close
  /// rules that both write it are a mistake.
  const rule_use* decide(const std::string& field);

  /// Where the actor may run. Tells what can never be met.
  place_limits limits();

private:
  void tell(std::string text);
  void close_zones(place_limits& limits);
  void check_nodes(place_limits& limits);

  const placement_draft& draft_;
  std::string title_;
  std::vector<const rule_use*> uses_;
  diagnostics& found_;
};

} // namespace sluice::graph
