// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A graph, a placement and toy models for tests of the solver: no file is
// opened.
#pragma once

#include "graph/place/explanation.hpp"
#include "tests/graph/mistakes.hpp"

#include <stdexcept>
#include <string>

namespace sluice::graph {

/// Layers of 100 bytes, embedding and output of 50 each, 8 heads; keys and
/// values take 10 bytes a layer.
inline model_shape toy_shape(std::uint32_t layers, std::uint32_t experts = 0) {
  model_shape out;
  out.layers.assign(layers, {100, experts * 10ull});
  out.embedding = 50;
  out.output = 50;
  out.width = 64;
  out.heads = 8;
  out.kv_heads = 8;
  out.experts = experts;
  out.experts_used = experts == 0 ? 0 : 2;
  out.kv_block = 10;
  out.kv_blocks = 1;
  return out;
}

/// Documents that live as long as what is asked about them.
struct world {
  validated_graph graph;
  validated_placement placement;
  model_shapes shapes;
  inventory nodes;

  place_request request(const assignment* previous = nullptr) const {
    return {graph, placement, shapes, nodes, previous};
  }
  solution solved(const assignment* previous = nullptr) const {
    return solve(request(previous));
  }
};

/// Every model actor gets `shape`. The placement must be right.
inline world make_world(const std::string& placement,
                        const model_shape& shape = toy_shape(8),
                        const std::string& text = right_graph) {
  auto graph = parse_graph(text, "g.yaml", {.check_files = false});
  auto placed = parse_placement(placement, "p.yaml", *graph.value);
  if (!placed)
    throw std::runtime_error(to_string(placed.mistakes));
  model_shapes shapes;
  for (const auto& actor : graph.value->actors())
    if (actor.settings.getKind().isModel())
      shapes.emplace(actor.name, shape);
  auto nodes = inventory_of(*placed.value);
  return {std::move(*graph.value), std::move(*placed.value), std::move(shapes),
          std::move(nodes)};
}

/// The unit of that name; throws if there is none.
inline const placed_unit& unit_called(const assignment& made,
                                      const std::string& name) {
  for (const auto& one : made.units)
    if (one.name == name)
      return one;
  throw std::runtime_error("no unit " + name);
}

inline std::string node_of(const solution& from, const std::string& name) {
  return unit_called(from.found.value(), name).node;
}

} // namespace sluice::graph
