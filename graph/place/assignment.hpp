// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Who runs where: the node of every unit, and the layers of every stage. What
// the solver makes, deployments carry and the next solving starts from. Values.
#pragma once

#include "device/model/shard.hpp"
#include "graph/place/unit.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::graph {

struct placed_unit {
  unit who;
  std::string name; ///< as name_of says
  std::string node;
  std::optional<std::uint32_t> gpu; ///< which of the node's; empty: none
  device::layer_range layers{0, 0}; ///< of shards
  std::uint64_t memory = 0;         ///< bytes, of the GPU or of main memory
  work_phase phase = work_phase::both;
};

/// What speaks against an assignment, each as milliseconds for one token. Only
/// differences between assignments mean something.
struct place_cost {
  double wishes = 0;     ///< zones after the first, nodes not preferred
  double moves = 0;      ///< units that leave their node
  double price = 0;      ///< of the nodes in use
  double traffic = 0;    ///< bytes between nodes
  double balance = 0;    ///< work on nodes that do much of it
  double bottleneck = 0; ///< slowest stages

  double sum() const noexcept {
    return wishes + moves + price + traffic + balance + bottleneck;
  }
};

struct assignment {
  std::vector<placed_unit> units; ///< actors as in the graph, then parts
  std::map<std::string, unit_degrees, std::less<>> degrees; ///< by actor
  place_cost cost;
  double node_bytes = 0;    ///< between nodes of one zone, for one token
  double zone_bytes = 0;    ///< between zones, for one token
  bool one_process = false; ///< no node was known: all is 'this process'
  bool best = true; ///< no cheaper one exists; else the work's bound was met

  const placed_unit* find(const unit& who) const;
};

inline const placed_unit* assignment::find(const unit& who) const {
  for (const auto& one : units)
    if (one.who == who)
      return &one;
  return nullptr;
}

} // namespace sluice::graph
