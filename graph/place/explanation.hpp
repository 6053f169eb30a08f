// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An assignment with its reasons: for every unit the nodes that it could not
// take, each with the rule, and those that cost more. `sluice explain` prints
// it; changes nothing.
#pragma once

#include "graph/place/solve.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::graph {

/// Nodes that a unit did not take for the same reason.
struct rejection {
  std::vector<std::string> nodes;
  std::string why;
  location where;                 ///< of the rule; no line: there is none
  std::optional<place_cost> more; ///< allowed: what it would cost more
};

struct explained_unit {
  placed_unit unit;
  std::vector<rejection> rejected;
  std::size_t allowed = 0; ///< nodes, its own included
};

struct explained_node {
  std::string name;
  std::string zone;
  std::optional<std::uint64_t> free; ///< bytes before; empty: unknown
  std::uint64_t used = 0;            ///< bytes of main memory
  std::size_t gpus = 0;
  std::size_t gpus_used = 0;
  std::uint64_t gpu_bytes = 0; ///< on all its GPUs
  std::size_t units = 0;
};

/// An actor that has fewer copies than it may have.
struct explained_scale {
  std::string actor;
  std::uint32_t now = 0;
  count_range allowed;
};

struct explanation {
  std::string graph;
  std::string placement;
  assignment made;
  std::vector<explained_unit> units;
  std::vector<explained_node> nodes;
  std::vector<explained_scale> scales;
};

/// `made` comes from solving `request`.
explanation explain(const place_request& request, const assignment& made);

/// For people, at most 80 columns but for long names.
std::string to_text(const explanation& value);

/// Indented JSON text with a newline at its end.
std::string to_json(const explanation& value);

} // namespace sluice::graph
