// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A placement that fits its graph: every actor has somewhere to run, every name
// exists, and no labelled data can leave the zones that keep it. Made by
// validate() alone. Says what is allowed; choosing nodes is for the planner.
#pragma once

#include "graph/place/placement_node.hpp"
#include "graph/place/selector.hpp"
#include "graph/validate/validated_graph.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::graph {

struct placement_zone {
  std::string name;
  schema::Trust trust = schema::Trust::PRIVATE;
  double price = 0; ///< per node and hour
};

/// A choice of nodes: all that match any of these.
struct node_choice {
  std::vector<std::string> zones;
  std::vector<std::string> nodes;
  std::vector<std::string> labels;

  bool empty() const noexcept {
    return zones.empty() && nodes.empty() && labels.empty();
  }
  bool holds(const placement_node& node) const;
};

/// Whether a list of names has one.
bool lists(const std::vector<std::string>& list, std::string_view name);

/// Where an actor, or a part of one, may run.
struct place_limits {
  std::vector<std::string> zones;  ///< never empty; the preferred one first
  std::vector<std::string> nodes;  ///< empty: any node of the zones
  std::vector<std::string> labels; ///< the node has them all
  std::uint64_t memory = 0;        ///< bytes that must be free
  schema::DeviceKind device = schema::DeviceKind::ANY;
  std::uint32_t cores = 0;
  std::vector<std::string> colocate; ///< actors on the same node
  schema::Spread spread = schema::Spread::NONE;
  node_choice prefer;
  node_choice never;
  /// Where each written field stands, by name: "zone", "needs", ...
  std::map<std::string, location, std::less<>> written;
};

/// Some stages, ranks or replicas of an actor that have limits of their own.
struct placed_part {
  selector who;
  place_limits limits; ///< what the actor's rules say where the part's do not
};

struct placed_actor {
  std::string name;
  place_limits limits;
  std::uint32_t pipeline = 1; ///< stages
  std::uint32_t tensor = 1;   ///< ranks of each stage
  std::uint32_t expert = 1;   ///< groups
  count_range replicas{1, 1};
  std::uint32_t prefill = 0;      ///< replicas that only read prompts; 0: none
  std::vector<placed_part> parts; ///< those that decide come later
  location where;                 ///< of the closest rule
  /// Where degrees and replicas stand, by name: "pipeline", "tensor", ...
  std::map<std::string, location, std::less<>> written;

  /// Every zone in which any part of it may run, failover included.
  std::vector<std::string> every_zone() const;
  /// The limits of one shard: the actor's, and over them those of every part
  /// that it belongs to.
  place_limits limits_of(std::uint32_t stage, std::uint32_t rank,
                         work_phase phase) const;
};

struct keep_limits {
  std::string label;
  std::vector<std::string> inside;
  location where;
  std::vector<std::string> reaches; ///< actors that may see such data
};

class validated_placement {
public:
  const std::string& name() const noexcept { return name_; }
  const std::vector<placement_zone>& zones() const { return zones_; }
  const std::vector<placement_node>& nodes() const { return nodes_; }
  /// In the order of the graph's actors.
  const std::vector<placed_actor>& actors() const { return actors_; }
  const std::vector<keep_limits>& keep() const { return keep_; }

private:
  friend std::optional<validated_placement>
  validate(const placement_config& config, const validated_graph& graph,
           diagnostics& found);
  std::string name_;
  std::vector<placement_zone> zones_;
  std::vector<placement_node> nodes_;
  std::vector<placed_actor> actors_;
  std::vector<keep_limits> keep_;
};

/// As for graphs: all mistakes to `found`, a placement only if there are none.
std::optional<validated_placement> validate(const placement_config& config,
                                            const validated_graph& graph,
                                            diagnostics& found);

} // namespace sluice::graph
