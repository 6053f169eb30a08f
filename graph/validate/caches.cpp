// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

/// The actor at the other end of the cache's edge, if it is there.
const graph_actor* feeder(const graph_draft& draft, std::size_t cache,
                          message_type type) {
  for (const auto& edge : draft.edges)
    if (edge.to == cache && edge.type == type)
      return &draft.actors[edge.from];
  return nullptr;
}

const graph_actor* target(const graph_draft& draft, std::size_t cache,
                          message_type type) {
  for (const auto& edge : draft.edges)
    if (edge.from == cache && edge.type == type)
      return &draft.actors[edge.to];
  return nullptr;
}

void check_cache(const graph_draft& draft, std::size_t index,
                 diagnostics& found) {
  using enum message_type;
  const auto& cache = draft.actors[index];
  const auto* asks = feeder(draft, index, request);
  const auto* speaks = feeder(draft, index, text);
  const auto* told = target(draft, index, text);
  if (asks && !speaks && !told)
    found.push_back(
        {cache.where, "requests pass the cache " + in_quotes(cache.name)
                          + ", but no text does: it also belongs on the way "
                            "back, as in 'done -> "
                          + cache.name + " -> " + asks->name + "'"});
  else if (speaks && !asks && !target(draft, index, request))
    found.push_back(
        {cache.where, "text passes the cache " + in_quotes(cache.name)
                          + ", but no requests do: it also belongs on the way "
                            "in, as in 'door -> "
                          + cache.name + " -> prep'"});
  else if (asks && told && asks != told)
    found.push_back({cache.where, "the cache " + in_quotes(cache.name)
                                      + " gets requests from "
                                      + in_quotes(asks->name)
                                      + ", so its text goes back there, not to "
                                      + in_quotes(told->name)});
}

} // namespace

void check_caches(const graph_draft& draft, diagnostics& found) {
  // Told only when all edges stand: a mistake in the flow leaves holes.
  if (!found.empty())
    return;
  for (std::size_t i = 0; i < draft.actors.size(); ++i)
    if (draft.actors[i].settings.getKind().isCache())
      check_cache(draft, i, found);
}

} // namespace sluice::graph
