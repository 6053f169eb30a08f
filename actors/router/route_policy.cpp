// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/router/route_policy.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::actors {

namespace {

bool matches(const route_rule& rule, std::span<const std::string> labels,
             std::span<const double> loads) {
  if (!rule.label.empty() && std::ranges::count(labels, rule.label) == 0)
    return false;
  if (!rule.load)
    return true;
  assert(rule.load->meter < loads.size());
  const auto load = loads[rule.load->meter];
  return (!rule.load->above || load > *rule.load->above)
         && (!rule.load->below || load < *rule.load->below);
}

} // namespace

route_policy::route_policy(std::vector<route_rule> rules)
    : rules_{std::move(rules)} {}

std::optional<std::size_t>
route_policy::choose(std::span<const std::string> labels,
                     std::span<const double> loads) const {
  for (const auto& rule : rules_)
    if (matches(rule, labels, loads))
      return rule.output;
  return std::nullopt;
}

} // namespace sluice::actors
