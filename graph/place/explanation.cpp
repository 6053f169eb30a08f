// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/explanation.hpp"

#include "graph/place/rule_texts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::graph {

namespace {

/// "balance +0.31, traffic -0.05": the parts that differ, the largest first.
std::string differences(const place_cost& more) {
  std::vector<std::pair<double, const char*>> parts{
      {more.wishes, "wishes"},   {more.moves, "moves"},
      {more.price, "price"},     {more.traffic, "traffic"},
      {more.balance, "balance"}, {more.bottleneck, "bottleneck"}};
  std::ranges::stable_sort(parts, std::greater{},
                           &std::pair<double, const char*>::first);
  std::string out;
  for (const auto& [value, name] : parts)
    if (std::abs(value) >= 0.0005) {
      char text[64];
      std::snprintf(text, sizeof text, "%s%s %+.3g", out.empty() ? "" : ", ",
                    name, value);
      out += text;
    }
  return out;
}

std::string costs_more(const place_cost& more) {
  if (more.sum() < 0.0005)
    return "costs the same";
  char text[64];
  std::snprintf(text, sizeof text, "costs %.3g ms more: ", more.sum());
  return text + differences(more);
}

class explainer {
public:
  explainer(const place_request& request, const assignment& made)
      : problem_(make_problem(request)), made_(made) {
    // From here on, shards need what they got.
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      if (problem_.units[i].replica)
        problem_.units[i].least = made.units[i].memory;
    layout_.emplace(problem_);
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      layout_->put(i, slot_of(made.units[i]));
    if (const auto layers = layout_->split())
      bottlenecks_ = layout_->bottlenecks(*layers);
  }

  explanation run() {
    explanation out;
    const auto& request = *problem_.request;
    out.graph = request.graph.name();
    out.placement = request.placement.name();
    out.made = made_;
    for (std::size_t i = 0; i < problem_.units.size(); ++i)
      out.units.push_back(explained(i));
    for (std::size_t i = 0; i < problem_.nodes().size(); ++i)
      out.nodes.push_back(explained_at(i));
    for (const auto& actor : request.placement.actors())
      if (const auto now = problem_.degrees.at(actor.name).replicas;
          now < actor.replicas.max)
        out.scales.push_back({actor.name, now, actor.replicas});
    return out;
  }

private:
  std::size_t slot_of(const placed_unit& unit) const {
    const auto node = *problem_.request->nodes.index(unit.node);
    const auto& slots = problem_.slots_of[node];
    return unit.gpu ? slots[1 + *unit.gpu] : slots.front();
  }

  explained_unit explained(std::size_t unit) {
    explained_unit out{made_.units[unit], {}, 1};
    const auto home = *layout_->slot_of(unit);
    const auto own = problem_.slots[home].node;
    layout_->take(unit);
    const auto here = layout_->cost_of(unit, home);
    for (std::size_t node = 0; node < problem_.nodes().size(); ++node)
      if (node != own)
        reject(out, unit, node, here);
    layout_->put(unit, home);
    return out;
  }

  void reject(explained_unit& out, std::size_t unit, std::size_t node,
              const place_cost& here) {
    const auto slot = slot_on(unit, node);
    rejection one{{problem_.nodes()[node].has.name}, {}, {}, {}};
    if (const auto refused = layout_->forbids(unit, slot)) {
      one.why = words_of(problem_, *refused);
      one.where = problem_.rules[refused->rule].where;
    } else {
      one.more = difference(unit, slot, here);
      one.why = one.more ? costs_more(*one.more) : "its layers do not fit";
      out.allowed += one.more ? 1 : 0;
    }
    for (auto& known : out.rejected)
      if (known.why == one.why && known.where.line == one.where.line
          && known.where.column == one.where.column) {
        known.nodes.push_back(one.nodes.front());
        return;
      }
    out.rejected.push_back(std::move(one));
  }

  std::size_t slot_on(std::size_t unit, std::size_t node) const {
    const auto& slots = problem_.slots_of[node];
    if (!layout_->wants_gpu(unit) || slots.size() == 1)
      return slots.front();
    for (auto slot : slots)
      if (problem_.slots[slot].gpu && !layout_->forbids(unit, slot))
        return slot;
    return slots[1];
  }

  std::optional<place_cost> difference(std::size_t unit, std::size_t slot,
                                       const place_cost& here) {
    auto out = layout_->cost_of(unit, slot);
    out.wishes -= here.wishes;
    out.moves -= here.moves;
    out.price -= here.price;
    out.traffic -= here.traffic;
    out.balance -= here.balance;
    if (!problem_.units[unit].replica)
      return out;
    layout_->put(unit, slot);
    const auto layers = layout_->split();
    if (layers)
      out.bottleneck = layout_->bottlenecks(*layers) - bottlenecks_;
    layout_->take(unit);
    return layers ? std::optional(out) : std::nullopt;
  }

  explained_node explained_at(std::size_t index) const {
    const auto& node = problem_.nodes()[index];
    explained_node out;
    out.name = node.has.name;
    out.zone = node.has.zone;
    out.free = node.free_memory();
    out.gpus = node.gpus().size();
    for (const auto& unit : made_.units) {
      if (unit.node != out.name)
        continue;
      ++out.units;
      out.gpus_used += unit.gpu ? 1 : 0;
      (unit.gpu ? out.gpu_bytes : out.used) += unit.memory;
    }
    return out;
  }

  place_problem problem_;
  const assignment& made_;
  std::optional<layout> layout_;
  double bottlenecks_ = 0;
};

} // namespace

explanation explain(const place_request& request, const assignment& made) {
  if (!request.nodes.empty())
    return explainer(request, made).run();
  const auto alone = this_process();
  return explainer({request.graph, request.placement, request.shapes, alone,
                    request.previous, request.replicas, request.work},
                   made)
      .run();
}

} // namespace sluice::graph
