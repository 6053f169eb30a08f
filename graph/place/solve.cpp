// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/solve.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

// Of the work of solving, for each of the searches that find a conflict.
constexpr std::size_t conflict_share = 8;

std::uint64_t bytes_of(const place_problem& problem, std::size_t unit,
                       device::layer_range layers) {
  const auto& one = problem.units[unit];
  const auto stated = problem.classes[one.limits].limits.memory;
  if (!one.replica)
    return std::max(stated, one.least);
  return std::max(stated, problem.replicas[*one.replica].ranges->memory(
                              layers.first, layers.last));
}

placed_unit placed(const place_problem& problem, const search_result& from,
                   std::size_t unit) {
  const auto& one = problem.units[unit];
  const auto& slot = problem.slots[(*from.slots)[unit]];
  placed_unit out;
  out.who = one.who;
  out.name = one.name;
  out.node = problem.nodes()[slot.node].has.name;
  out.gpu = slot.gpu;
  out.phase = one.phase;
  if (one.replica)
    out.layers = from.layers[*one.replica][one.who.stage];
  out.memory = bytes_of(problem, unit, out.layers);
  return out;
}

assignment assigned(const place_problem& problem, const search_result& from) {
  assignment out;
  for (std::size_t i = 0; i < problem.units.size(); ++i)
    out.units.push_back(placed(problem, from, i));
  out.degrees = problem.degrees;
  out.cost = from.cost;
  out.best = from.complete;
  auto node = [&](std::size_t unit) {
    return problem.slots[(*from.slots)[unit]].node;
  };
  for (const auto& edge : problem.edges) {
    const auto& a = problem.nodes()[node(edge.a)].has;
    const auto& b = problem.nodes()[node(edge.b)].has;
    if (a.name != b.name)
      (a.zone == b.zone ? out.node_bytes : out.zone_bytes) += edge.bytes;
  }
  return out;
}

} // namespace

solution solve(const place_request& request) {
  if (request.nodes.empty()) {
    const auto alone = this_process();
    auto out = solve({request.graph, request.placement, request.shapes, alone,
                      request.previous, request.replicas, request.work});
    if (out)
      out.found->one_process = true;
    return out;
  }
  solution out;
  check_degrees(request, out.conflicts);
  if (!out.conflicts.empty()) {
    out.hopeless = true;
    return out;
  }
  auto problem = make_problem(request);
  const auto result = search(problem, request.work);
  if (result.slots) {
    out.found = assigned(problem, result);
    return out;
  }
  out.unproven = !result.complete;
  tell_conflicts(problem, result.stuck ? &*result.stuck : nullptr,
                 request.work / conflict_share, out.conflicts);
  if (out.unproven) {
    diagnostic note;
    note.text = "no placement was found, but not every one was tried";
    out.conflicts.push_back(std::move(note));
  }
  return out;
}

} // namespace sluice::graph
