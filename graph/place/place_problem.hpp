// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A placement as the search sees it: units, the slots that they may take, and
// the rules between them, all by index. Made from validated documents, model
// shapes and an inventory; changed by nobody but for switching rules off.
#pragma once

#include "graph/place/assignment.hpp"
#include "graph/place/inventory.hpp"
#include "graph/place/layer_split.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::graph {

/// What the solver is asked.
struct place_request {
  const validated_graph& graph;
  const validated_placement& placement;
  const model_shapes& shapes;
  const inventory& nodes;
  const assignment* previous = nullptr;
  /// Copies wanted now, by actor; the least that the rules allow if not given.
  std::map<std::string, std::uint32_t, std::less<>> replicas = {};
  /// Bound on the search: slots that are looked at.
  std::size_t work = 600'000;
};

enum class rule_kind : std::uint8_t {
  zone,
  node,
  label,
  memory, ///< needs: {memory}
  cores,
  device,
  never,
  keep,
  weights, ///< memory for weights, keys and values
  spread,
  colocate,
};

/// A rule that an assignment must obey.
struct hard_rule {
  rule_kind kind;
  std::string actor;
  location where;
  std::string text; ///< "'home' may run in zone 'rack'"
  bool on = true;
};

using rule_index = std::size_t;

/// Units with the same limits.
struct limit_class {
  place_limits limits;
  /// By kind up to `weights`; empty where there is no such rule.
  std::vector<std::optional<rule_index>> rules;
  std::vector<std::pair<rule_index, std::vector<std::string>>> keep; ///< zones
};

struct problem_unit {
  unit who;
  std::string name;
  std::size_t limits = 0;             ///< limit_class
  std::optional<std::size_t> replica; ///< problem_replica, of shards
  std::uint64_t least = 0; ///< bytes of weights, keys and values at least
  bool split = false;      ///< bytes depend on the layers that it gets
  double work = 0;         ///< bytes read for one token, evenly split
  work_phase phase = work_phase::both;
  std::optional<std::size_t> before; ///< node of the previous assignment
};

/// One replica of a model.
struct problem_replica {
  const model_shape* shape = nullptr;
  const range_table* ranges = nullptr;
  unit_degrees degrees;
  std::vector<std::size_t> units; ///< [stage, rank, expert]
  std::optional<layer_ranges> before;

  std::size_t shards() const noexcept {
    return std::size_t{degrees.tensor} * degrees.expert;
  }
};

struct spread_set {
  rule_index rule;
  bool zones = false; ///< share no zone; else no node
  std::vector<std::size_t> units;
};

struct colocate_pair {
  rule_index rule;
  std::size_t a, b; ///< units
};

/// Bytes between two units for one token that passes the graph.
struct traffic_edge {
  std::size_t a, b;
  double bytes;
};

/// Where a unit may be put: a node's main memory, or one of its GPUs.
struct slot {
  std::size_t node;
  std::optional<std::uint32_t> gpu;
  std::uint64_t bytes = unlimited;
};

struct place_problem {
  const place_request* request = nullptr;
  std::vector<hard_rule> rules;
  std::vector<limit_class> classes;
  std::vector<problem_unit> units;
  std::vector<problem_replica> replicas;
  std::vector<spread_set> spreads;
  std::vector<colocate_pair> pairs;
  std::vector<traffic_edge> edges;
  std::vector<slot> slots;
  std::vector<std::vector<std::size_t>> slots_of; ///< by node; memory first
  std::vector<std::size_t> alike; ///< by node; equal where nothing differs
  std::vector<double> price;      ///< by node, for an hour
  std::vector<double> speed[3];   ///< by phase, then node
  std::map<std::string, unit_degrees, std::less<>> degrees;
  std::vector<std::unique_ptr<range_table>> tables;

  const std::vector<inventory_node>& nodes() const {
    return request->nodes.nodes();
  }
  bool is_on(rule_index rule) const { return rules[rule].on; }
};

/// Degrees that the models cannot have: heads, experts and layers that do not
/// divide. All of them to `found`; with any, there is no problem to make.
void check_degrees(const place_request& request, diagnostics& found);

/// `request` must outlive what is made. Its degrees are right.
place_problem make_problem(const place_request& request);

/// Adds the traffic between the units.
void add_traffic(place_problem& problem);

} // namespace sluice::graph
