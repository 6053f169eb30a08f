// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The steps of placement validation. Each adds what it finds and goes on.
#pragma once

#include "graph/place/validated_placement.hpp"

namespace sluice::graph {

/// What the steps know of zones and nodes.
struct placement_draft {
  const placement_config& config;
  const validated_graph& graph;
  std::vector<placement_zone> zones;
  std::vector<placement_node> nodes;
  std::vector<placed_actor> actors;
  std::vector<keep_limits> keep;

  location at(const std::string& path) const {
    return config.places().at(path);
  }
  const placement_node* find_node(std::string_view name) const;
  std::vector<std::string> zone_names() const;
  std::vector<std::string> node_names() const;
};

/// Zones and nodes: names, and that a node's zone exists.
void collect_places(placement_draft& draft, diagnostics& found);

/// The rules, merged into one entry per actor.
void place_actors(placement_draft& draft, diagnostics& found);

/// Keep rules: labels and zones that exist.
void collect_keep(placement_draft& draft, diagnostics& found);

/// No flow carries a label where a keep rule forbids it. Notes whom it reaches.
void check_keep(placement_draft& draft, diagnostics& found);

/// Tells every name of `written` that is not `known`; "zone" says what it is.
void check_known(capnp::List<capnp::Text>::Reader written,
                 const std::vector<std::string>& known, const std::string& what,
                 const placement_draft& draft, const std::string& at,
                 diagnostics& found);

} // namespace sluice::graph
