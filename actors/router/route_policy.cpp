// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/router/route_policy.hpp"

#include <algorithm>

namespace sluice::actors {

route_policy::route_policy(std::vector<route_rule> rules)
    : rules_{std::move(rules)} {}

std::optional<std::size_t>
route_policy::choose(std::span<const std::string> labels) const {
  for (const auto& rule : rules_)
    if (rule.label.empty() || std::ranges::count(labels, rule.label) > 0)
      return rule.output;
  return std::nullopt;
}

} // namespace sluice::actors
