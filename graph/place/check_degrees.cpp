// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/place_problem.hpp"
#include "graph/yaml/nearest.hpp"

namespace sluice::graph {

namespace {

/// Where a degree was written: in the placement, or with the actor.
location place_of(const placed_actor& actor, const std::string& field,
                  const validated_graph& graph) {
  if (const auto found = actor.written.find(field);
      found != actor.written.end())
    return found->second;
  return graph.parts().at(graph.find(actor.name)->at + "." + field);
}

void check_actor(const placed_actor& actor, const model_shape& shape,
                 const validated_graph& graph, diagnostics& found) {
  auto tell = [&](const char* field, std::uint32_t degree,
                  const std::string& why) {
    found.push_back({place_of(actor, field, graph),
                     in_quotes(actor.name) + ": " + field + " "
                         + std::to_string(degree) + " " + why});
  };
  if (actor.pipeline > shape.layers.size())
    tell("pipeline", actor.pipeline,
         "is more than the model's " + std::to_string(shape.layers.size())
             + " layers");
  if (shape.heads % actor.tensor != 0)
    tell("tensor", actor.tensor,
         "does not divide the model's " + std::to_string(shape.heads)
             + " heads");
  if (actor.expert > 1 && shape.experts == 0)
    tell("expert", actor.expert, "is for models with experts");
  else if (actor.expert > 1 && shape.experts % actor.expert != 0)
    tell("expert", actor.expert,
         "does not divide the model's " + std::to_string(shape.experts)
             + " experts");
}

} // namespace

void check_degrees(const place_request& request, diagnostics& found) {
  for (const auto& actor : request.placement.actors())
    if (const auto shape = request.shapes.find(actor.name);
        shape != request.shapes.end())
      check_actor(actor, shape->second, request.graph, found);
}

} // namespace sluice::graph
