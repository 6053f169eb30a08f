// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Units put on slots, one after the other: what is left, what is forbidden and
// what it costs. The search and the explanation ask it; it decides nothing.
#pragma once

#include "graph/place/place_problem.hpp"

#include <optional>
#include <vector>

namespace sluice::graph {

/// Why a unit may not take a slot.
struct refusal {
  rule_index rule = 0;
  std::uint64_t free = 0;                ///< bytes or cores
  std::uint64_t needed = 0;              ///< bytes or cores
  std::optional<std::size_t> other = {}; ///< unit that stands in the way
};

class layout {
public:
  explicit layout(const place_problem& problem);

  /// The slot must be allowed.
  void put(std::size_t unit, std::size_t slot);
  void take(std::size_t unit);

  std::optional<std::size_t> slot_of(std::size_t unit) const {
    return placed_[unit];
  }
  std::optional<std::size_t> node_of(std::size_t unit) const;
  /// Nothing of ours is on the node.
  bool untouched(std::size_t node) const { return units_on_[node] == 0; }

  /// The first rule that forbids it beside what is placed; empty if none does.
  std::optional<refusal> forbids(std::size_t unit, std::size_t slot) const;
  /// What of that is the node's and the unit's alone.
  std::optional<rule_index> unfit(std::size_t unit, std::size_t node) const;

  /// What the unit adds to the cost there, beside what is placed.
  place_cost cost_of(std::size_t unit, std::size_t slot) const;

  /// Bytes that it takes at least, of rules that are on.
  std::uint64_t demand(std::size_t unit) const;
  /// Whether it takes a GPU.
  bool wants_gpu(std::size_t unit) const;

  /// Layers for every replica, all of whose units are placed. Empty if there is
  /// no room.
  std::optional<std::vector<layer_ranges>> split() const;
  /// Whether one replica's layers fit, all of whose shards are placed.
  bool split_one(std::size_t replica) const;
  /// Bytes that each of its nodes has for its layers; unlimited where unknown.
  std::vector<std::pair<std::size_t, std::uint64_t>>
  room_of(std::size_t replica) const;
  /// The sum of bottlenecks, milliseconds.
  double bottlenecks(const std::vector<layer_ranges>& ranges) const;

private:
  std::optional<refusal> crowded(std::size_t unit, std::size_t slot) const;
  std::optional<refusal> apart(std::size_t unit, std::size_t node) const;
  std::optional<rule_index> on(const limit_class& limits, rule_kind kind) const;
  std::optional<rule_index> find_unfit(const limit_class& limits,
                                       const inventory_node& node) const;
  std::size_t place_in(const spread_set& set, std::size_t node) const;
  split_request request_of(const problem_replica& replica) const;
  /// As request_of; gives what its shards hold so far back to `pools`.
  split_request open(const problem_replica& replica,
                     std::vector<std::uint64_t>& pools) const;
  bool keeps(const problem_replica& replica, const split_request& request,
             const layer_ranges& made,
             const std::vector<std::uint64_t>& pools) const;
  double load(std::size_t unit, std::size_t node) const;

  const place_problem& problem_;
  std::vector<std::optional<std::size_t>> placed_; // by unit
  std::vector<std::uint64_t> free_;                // by slot
  std::vector<bool> used_;                         // by slot, GPUs
  std::vector<std::uint64_t> cores_;               // by node, taken
  std::vector<std::size_t> units_on_;              // by node
  std::vector<double> load_;                       // by node, milliseconds
  double whole_load_ = 0;
  std::vector<std::size_t> zone_;                  // by node
  std::vector<std::vector<std::uint32_t>> spread_; // by set, then place
  std::vector<std::vector<std::size_t>> sets_of_;  // by unit
  std::vector<std::vector<std::size_t>> pairs_of_; // by unit
  std::vector<std::vector<std::size_t>> edges_of_; // by unit
  // By class, then node: rules.size() is "none".
  std::vector<std::vector<rule_index>> unfit_;
};

/// Milliseconds that bytes take between two nodes.
double transfer_ms(const inventory_node& a, const inventory_node& b,
                   double bytes);

} // namespace sluice::graph
