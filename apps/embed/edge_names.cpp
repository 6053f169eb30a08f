// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/embed/edge_names.hpp"

#include "graph/yaml/nearest.hpp"
#include "graph/yaml/shorthand.hpp"
#include "sluice/error.hpp"

namespace sluice::apps {

namespace {

std::string listed(const graph::validated_graph& graph,
                   const std::vector<std::size_t>& edges) {
  std::string out;
  for (const auto edge : edges)
    out += (out.empty() ? "" : ", ") + graph::in_quotes(edge_name(graph, edge));
  return out;
}

bool fits(const std::string& actor, const std::string& port,
          const graph::flow_step& step) {
  return step.actor == actor && (step.port.empty() || step.port == port);
}

} // namespace

std::string edge_name(const graph::validated_graph& graph, std::size_t edge) {
  const auto& one = graph.edges()[edge];
  const auto& from = graph.actors()[one.from];
  const auto& to = graph.actors()[one.to];
  auto out = from.name;
  if (from.type->names_outputs || from.type->outputs.size() > 1)
    out += "." + one.output;
  out += " -> " + to.name;
  if (to.type->inputs.size() > 1)
    out += "." + one.input;
  return out;
}

std::size_t find_edge(const graph::validated_graph& graph,
                      std::string_view text) {
  const auto parsed = graph::parse_flow(text);
  const auto* steps = std::get_if<std::vector<graph::flow_step>>(&parsed);
  std::vector<std::size_t> all;
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < graph.edges().size(); ++i) {
    const auto& edge = graph.edges()[i];
    all.push_back(i);
    if (steps && steps->size() == 2
        && fits(graph.actors()[edge.from].name, edge.output, steps->front())
        && fits(graph.actors()[edge.to].name, edge.input, steps->back()))
      found.push_back(i);
  }
  if (found.size() == 1)
    return found.front();
  const auto name = graph::in_quotes(text);
  if (found.empty())
    throw error(error_code::unknown_edge, "no edge is called " + name
                                              + "; there are "
                                              + listed(graph, all));
  throw error(error_code::unknown_edge,
              name + " may be any of " + listed(graph, found));
}

} // namespace sluice::apps
