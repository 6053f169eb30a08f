// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a layout costs, and how its replicas share their layers.
#include "graph/place/layout.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::graph {

namespace {

// What a wish is worth, in milliseconds for one token. A wish goes before
// everything else; moving a unit must gain more than a slow network costs.
constexpr double wish_ms = 1000;
constexpr double move_ms = 50;
constexpr double price_ms = 1; // for one unit of money in an hour

// A network within a zone and one between zones.
constexpr double near_bytes_per_ms = 125e3; // 1 Gbit/s
constexpr double far_bytes_per_ms = 12.5e3; // 100 Mbit/s
constexpr double near_hop_ms = 0.05;
constexpr double far_hop_ms = 5;

// A previous split stays unless the new one is so much faster.
constexpr double worth_moving = 1.1;

double wishes_of(const place_limits& limits, const placement_node& node) {
  double out = 0;
  if (!limits.prefer.empty() && !limits.prefer.holds(node))
    out += wish_ms;
  // Of zones that are written, the first is preferred.
  if (const auto at = std::ranges::find(limits.zones, node.zone);
      limits.written.contains("zone") && at != limits.zones.end())
    out += wish_ms * static_cast<double>(at - limits.zones.begin());
  return out;
}

} // namespace

double transfer_ms(const inventory_node& a, const inventory_node& b,
                   double bytes) {
  if (a.has.name == b.has.name)
    return 0;
  return a.has.zone == b.has.zone ? near_hop_ms + bytes / near_bytes_per_ms
                                  : far_hop_ms + bytes / far_bytes_per_ms;
}

double layout::load(std::size_t unit, std::size_t node) const {
  const auto& one = problem_.units[unit];
  return 1e3 * one.work
         / problem_.speed[static_cast<std::size_t>(one.phase)][node];
}

place_cost layout::cost_of(std::size_t unit, std::size_t slot) const {
  place_cost out;
  const auto node = problem_.slots[slot].node;
  const auto& one = problem_.units[unit];
  const auto& nodes = problem_.nodes();
  out.wishes = wishes_of(problem_.classes[one.limits].limits, nodes[node].has);
  if (one.before && one.before != node)
    out.moves = move_ms;
  if (untouched(node))
    out.price = price_ms * problem_.price[node];
  for (auto index : edges_of_[unit]) {
    const auto& edge = problem_.edges[index];
    const auto other = node_of(edge.a == unit ? edge.b : edge.a);
    if (other)
      out.traffic += transfer_ms(nodes[node], nodes[*other], edge.bytes);
  }
  // The sum of squares over all nodes: all on one node is the whole load, n
  // equal nodes are its n-th part.
  const auto added = load(unit, node);
  if (whole_load_ > 0)
    out.balance = added * (2 * load_[node] + added) / whole_load_;
  return out;
}

split_request layout::request_of(const problem_replica& replica) const {
  split_request out{replica.ranges, {}};
  const auto shards = replica.shards();
  std::vector<std::size_t> shards_on(problem_.nodes().size());
  for (auto unit : replica.units)
    ++shards_on[*node_of(unit)];
  for (std::size_t i = 0; i < replica.units.size(); i += shards) {
    split_stage stage;
    stage.speed = std::numeric_limits<double>::infinity();
    for (std::size_t j = i; j < i + shards; ++j) {
      const auto unit = replica.units[j];
      const auto node = *node_of(unit);
      const auto phase = static_cast<std::size_t>(problem_.units[unit].phase);
      // Shards of a replica on one node share its speed; GPUs are their own.
      const bool alone = problem_.slots[*placed_[unit]].gpu.has_value();
      stage.speed =
          std::min(stage.speed,
                   problem_.speed[phase][node]
                       / (alone ? 1.0 : static_cast<double>(shards_on[node])));
      const auto& limits = problem_.classes[problem_.units[unit].limits];
      if (on(limits, rule_kind::memory))
        stage.floor = std::max(stage.floor, limits.limits.memory);
      auto known = std::ranges::find(stage.pools, *placed_[unit],
                                     &split_stage::share::pool);
      if (known == stage.pools.end())
        stage.pools.push_back({*placed_[unit], 1});
      else
        ++known->shards;
    }
    out.stages.push_back(std::move(stage));
  }
  return out;
}

bool layout::keeps(const problem_replica& replica, const split_request& request,
                   const layer_ranges& made,
                   const std::vector<std::uint64_t>& pools) const {
  if (!replica.before
      || std::ranges::any_of(replica.units, [&](std::size_t unit) {
           return problem_.units[unit].before != node_of(unit);
         }))
    return false;
  if (bottleneck(request, *replica.before)
      > worth_moving * bottleneck(request, made))
    return false;
  auto left = pools;
  return hold(request, *replica.before, left);
}

split_request layout::open(const problem_replica& replica,
                           std::vector<std::uint64_t>& pools) const {
  auto out = request_of(replica);
  for (auto unit : replica.units)
    if (pools[*placed_[unit]] != unlimited)
      pools[*placed_[unit]] += demand(unit);
  // Without the rule, bytes do not count.
  if (!on(problem_.classes[problem_.units[replica.units.front()].limits],
          rule_kind::weights))
    for (auto& stage : out.stages)
      stage.pools.clear();
  return out;
}

bool layout::split_one(std::size_t replica) const {
  auto pools = free_;
  const auto request = open(problem_.replicas[replica], pools);
  return graph::split(request, pools).has_value();
}

std::vector<std::pair<std::size_t, std::uint64_t>>
layout::room_of(std::size_t replica) const {
  auto pools = free_;
  open(problem_.replicas[replica], pools);
  std::vector<std::pair<std::size_t, std::uint64_t>> out;
  for (auto unit : problem_.replicas[replica].units) {
    const auto one =
        std::pair(problem_.slots[*placed_[unit]].node, pools[*placed_[unit]]);
    if (std::ranges::find(out, one) == out.end())
      out.push_back(one);
  }
  return out;
}

std::optional<std::vector<layer_ranges>> layout::split() const {
  // Shards hold their least so far; the split decides what they hold instead.
  auto pools = free_;
  std::vector<split_request> requests;
  for (const auto& replica : problem_.replicas)
    requests.push_back(open(replica, pools));
  auto out = split_all(requests, pools);
  for (std::size_t i = 0; out && i < requests.size(); ++i) {
    auto& ranges = (*out)[i];
    release(requests[i], ranges, pools);
    if (keeps(problem_.replicas[i], requests[i], ranges, pools))
      ranges = *problem_.replicas[i].before;
    hold(requests[i], ranges, pools);
  }
  return out;
}

double layout::bottlenecks(const std::vector<layer_ranges>& ranges) const {
  double out = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i)
    out += 1e3 * bottleneck(request_of(problem_.replicas[i]), ranges[i]);
  return out;
}

} // namespace sluice::graph
