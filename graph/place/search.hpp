// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Finds a slot for every unit: branch and bound while the bound on work lasts,
// so that small problems get their cheapest assignment, then local improvement
// of the best that was found. Deterministic; knows no files and no words.
#pragma once

#include "graph/place/layout.hpp"

#include <optional>
#include <vector>

namespace sluice::graph {

/// Where the search got furthest and then stuck.
struct dead_end {
  std::size_t unit = 0;
  std::vector<std::optional<refusal>> nodes; ///< by node
  /// All units had a slot, but this replica's layers did not fit into them.
  std::optional<std::size_t> replica;
  std::vector<std::pair<std::size_t, std::uint64_t>> free; ///< node, bytes
};

struct search_result {
  std::optional<std::vector<std::size_t>> slots; ///< by unit
  std::vector<layer_ranges> layers;              ///< by replica
  place_cost cost;
  bool complete = false; ///< nothing was left out: none, or none cheaper
  std::optional<dead_end> stuck; ///< when nothing was found
};

/// With `first`, any assignment will do.
search_result search(const place_problem& problem, std::size_t work,
                     bool first = false);

} // namespace sluice::graph
