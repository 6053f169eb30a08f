// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/layout.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::graph {

layout::layout(const place_problem& problem)
    : problem_(problem), placed_(problem.units.size()),
      used_(problem.slots.size()), cores_(problem.nodes().size()),
      units_on_(problem.nodes().size()), load_(problem.nodes().size()),
      sets_of_(problem.units.size()), pairs_of_(problem.units.size()),
      edges_of_(problem.units.size()) {
  for (const auto& slot : problem.slots)
    free_.push_back(slot.bytes);
  std::vector<std::string> zones;
  for (const auto& node : problem.nodes()) {
    if (!lists(zones, node.has.zone))
      zones.push_back(node.has.zone);
    zone_.push_back(static_cast<std::size_t>(
        std::ranges::find(zones, node.has.zone) - zones.begin()));
  }
  for (std::size_t i = 0; i < problem.spreads.size(); ++i) {
    spread_.emplace_back(problem.nodes().size());
    for (auto unit : problem.spreads[i].units)
      sets_of_[unit].push_back(i);
  }
  for (std::size_t i = 0; i < problem.pairs.size(); ++i) {
    pairs_of_[problem.pairs[i].a].push_back(i);
    pairs_of_[problem.pairs[i].b].push_back(i);
  }
  for (std::size_t i = 0; i < problem.edges.size(); ++i) {
    edges_of_[problem.edges[i].a].push_back(i);
    edges_of_[problem.edges[i].b].push_back(i);
  }
  for (const auto& limits : problem.classes) {
    auto& row = unfit_.emplace_back();
    for (const auto& node : problem.nodes())
      row.push_back(find_unfit(limits, node).value_or(problem.rules.size()));
  }
  for (std::size_t i = 0; i < problem.units.size(); ++i)
    for (std::size_t node = 0; node < load_.size(); ++node)
      whole_load_ += load(i, node) / static_cast<double>(load_.size());
}

std::optional<rule_index> layout::on(const limit_class& limits,
                                     rule_kind kind) const {
  const auto rule = limits.rules[static_cast<std::size_t>(kind)];
  return rule && problem_.is_on(*rule) ? rule : std::nullopt;
}

std::optional<rule_index> layout::find_unfit(const limit_class& limits,
                                             const inventory_node& one) const {
  using enum rule_kind;
  if (one.everything)
    return std::nullopt;
  const auto& may = limits.limits;
  if (const auto rule = on(limits, node);
      rule && !lists(may.nodes, one.has.name))
    return rule;
  if (const auto rule = on(limits, zone);
      rule && !lists(may.zones, one.has.zone))
    return rule;
  for (const auto& [rule, zones] : limits.keep)
    if (problem_.is_on(rule) && !lists(zones, one.has.zone))
      return rule;
  if (const auto rule = on(limits, label);
      rule && !std::ranges::all_of(may.labels, [&](const std::string& name) {
        return lists(one.has.labels, name);
      }))
    return rule;
  if (const auto rule = on(limits, never); rule && may.never.holds(one.has))
    return rule;
  if (const auto rule = on(limits, device); rule && one.gpus().empty())
    return rule;
  return std::nullopt;
}

std::optional<std::size_t> layout::node_of(std::size_t unit) const {
  if (!placed_[unit])
    return std::nullopt;
  return problem_.slots[*placed_[unit]].node;
}

std::optional<rule_index> layout::unfit(std::size_t unit,
                                        std::size_t node) const {
  const auto rule = unfit_[problem_.units[unit].limits][node];
  return rule == problem_.rules.size() ? std::nullopt : std::optional(rule);
}

std::uint64_t layout::demand(std::size_t unit) const {
  const auto& one = problem_.units[unit];
  const auto& limits = problem_.classes[one.limits];
  std::uint64_t out = 0;
  if (on(limits, rule_kind::memory))
    out = limits.limits.memory;
  if (on(limits, rule_kind::weights))
    out = std::max(out, one.least);
  return out;
}

bool layout::wants_gpu(std::size_t unit) const {
  return on(problem_.classes[problem_.units[unit].limits], rule_kind::device)
      .has_value();
}

std::optional<refusal> layout::crowded(std::size_t unit,
                                       std::size_t slot) const {
  const auto& one = problem_.units[unit];
  const auto& limits = problem_.classes[one.limits];
  const auto& at = problem_.slots[slot];
  const auto needed = demand(unit);
  if (needed > free_[slot]) {
    const auto stated = on(limits, rule_kind::memory);
    const bool by_weights = !stated || limits.limits.memory < needed
                            || limits.limits.memory <= free_[slot];
    const auto rule = by_weights ? on(limits, rule_kind::weights) : stated;
    return refusal{*rule, free_[slot], needed};
  }
  if (at.gpu && used_[slot])
    return refusal{*on(limits, rule_kind::device), 0, 1};
  const auto cores = problem_.nodes()[at.node].has.cores;
  if (const auto rule = on(limits, rule_kind::cores);
      rule && cores != 0 && cores_[at.node] + limits.limits.cores > cores)
    return refusal{*rule,
                   cores - std::min<std::uint64_t>(cores, cores_[at.node]),
                   limits.limits.cores};
  return std::nullopt;
}

std::size_t layout::place_in(const spread_set& set, std::size_t node) const {
  return set.zones ? zone_[node] : node;
}

std::optional<refusal> layout::apart(std::size_t unit, std::size_t node) const {
  for (auto index : sets_of_[unit]) {
    const auto& set = problem_.spreads[index];
    if (!problem_.is_on(set.rule) || spread_[index][place_in(set, node)] == 0)
      continue;
    const auto other = std::ranges::find_if(set.units, [&](std::size_t one) {
      return node_of(one)
             && place_in(set, *node_of(one)) == place_in(set, node);
    });
    return refusal{set.rule, 0, 0, *other};
  }
  for (auto index : pairs_of_[unit]) {
    const auto& pair = problem_.pairs[index];
    const auto other = pair.a == unit ? pair.b : pair.a;
    if (problem_.is_on(pair.rule) && node_of(other) && node_of(other) != node)
      return refusal{pair.rule, 0, 0, other};
  }
  return std::nullopt;
}

std::optional<refusal> layout::forbids(std::size_t unit,
                                       std::size_t slot) const {
  const auto node = problem_.slots[slot].node;
  if (problem_.nodes()[node].everything)
    return std::nullopt;
  if (const auto rule = unfit(unit, node))
    return refusal{*rule};
  if (auto found = apart(unit, node))
    return found;
  return crowded(unit, slot);
}

void layout::put(std::size_t unit, std::size_t slot) {
  assert(!placed_[unit]);
  const auto node = problem_.slots[slot].node;
  placed_[unit] = slot;
  if (free_[slot] != unlimited)
    free_[slot] -= demand(unit);
  used_[slot] = problem_.slots[slot].gpu.has_value();
  const auto& limits = problem_.classes[problem_.units[unit].limits];
  if (on(limits, rule_kind::cores))
    cores_[node] += limits.limits.cores;
  ++units_on_[node];
  load_[node] += load(unit, node);
  for (auto index : sets_of_[unit])
    ++spread_[index][place_in(problem_.spreads[index], node)];
}

void layout::take(std::size_t unit) {
  assert(placed_[unit]);
  const auto slot = *placed_[unit];
  const auto node = problem_.slots[slot].node;
  placed_[unit].reset();
  if (free_[slot] != unlimited)
    free_[slot] += demand(unit);
  used_[slot] = false;
  const auto& limits = problem_.classes[problem_.units[unit].limits];
  if (on(limits, rule_kind::cores))
    cores_[node] -= limits.limits.cores;
  --units_on_[node];
  // No remainder of rounding may stay, or a second solving would differ.
  load_[node] = units_on_[node] == 0 ? 0 : load_[node] - load(unit, node);
  for (auto index : sets_of_[unit])
    --spread_[index][place_in(problem_.spreads[index], node)];
}

} // namespace sluice::graph
