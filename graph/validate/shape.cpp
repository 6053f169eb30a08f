// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <utility>

namespace sluice::graph {

namespace {

bool any_edge(const graph_draft& draft, auto matches) {
  return std::any_of(draft.edges.begin(), draft.edges.end(), matches);
}

std::vector<std::size_t> doors_of(const graph_draft& draft) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < draft.actors.size(); ++i)
    if (draft.actors[i].type && draft.actors[i].type->is_door)
      out.push_back(i);
  return out;
}

/// A mistake in the flow or an actor leaves holes that are no mistakes of
/// their own: shape is only judged when all edges stand.
bool complete(const graph_draft& draft, const diagnostics& found) {
  return found.empty()
         && std::all_of(draft.actors.begin(), draft.actors.end(),
                        [](const auto& actor) { return actor.type; });
}

/// Depth first over edges that do not close requests.
class cycle_search {
public:
  explicit cycle_search(const graph_draft& draft)
      : draft_(draft), state_(draft.actors.size(), state::fresh) {}

  /// The first cycle found from `start`, its first actor again at the end.
  std::vector<std::size_t> from(std::size_t start) {
    if (state_[start] == state::fresh)
      visit(start);
    return std::exchange(cycle_, {});
  }

private:
  enum class state : std::uint8_t { fresh, open, done };

  struct frame {
    std::size_t actor;
    std::size_t edge; ///< next one to look at
  };

  void visit(std::size_t start) {
    path_ = {{start, 0}};
    state_[start] = state::open;
    while (!path_.empty()) {
      auto& top = path_.back();
      if (top.edge == draft_.edges.size()) {
        state_[top.actor] = state::done;
        path_.pop_back();
        continue;
      }
      const auto& edge = draft_.edges[top.edge++];
      if (edge.from != top.actor || edge.back())
        continue;
      if (state_[edge.to] == state::open)
        note(edge.to);
      else if (state_[edge.to] == state::fresh) {
        state_[edge.to] = state::open;
        path_.push_back({edge.to, 0});
      }
    }
  }

  void note(std::size_t first) {
    if (!cycle_.empty())
      return;
    auto begin = std::find_if(path_.begin(), path_.end(),
                              [&](const frame& f) { return f.actor == first; });
    for (auto at = begin; at != path_.end(); ++at)
      cycle_.push_back(at->actor);
    cycle_.push_back(first);
  }

  const graph_draft& draft_;
  std::vector<state> state_;
  std::vector<frame> path_;
  std::vector<std::size_t> cycle_;
};

} // namespace

void check_ports(const graph_draft& draft, diagnostics& found) {
  if (!complete(draft, found))
    return;
  for (std::size_t i = 0; i < draft.actors.size(); ++i) {
    const auto& actor = draft.actors[i];
    if (!any_edge(draft, [&](const graph_edge& e) {
          return e.from == i || e.to == i;
        })) {
      found.push_back({actor.where, "no flow goes through the actor "
                                        + in_quotes(actor.name)});
      continue;
    }
    for (const auto& output : actor.type->outputs)
      if (!any_edge(draft, [&](const graph_edge& e) {
            return e.from == i
                   && (actor.type->names_outputs || e.output == output.name);
          }))
        found.push_back(
            {actor.where, "output " + in_quotes(actor.name + "." + output.name)
                              + " leads nowhere; it gives "
                              + std::string(name(output.type))});
    for (const auto& input : actor.type->inputs)
      if (!any_edge(draft, [&](const graph_edge& e) {
            return e.to == i && e.input == input.name;
          }))
        found.push_back(
            {actor.where, "nothing feeds input "
                              + in_quotes(actor.name + "." + input.name)
                              + "; it takes " + std::string(name(input.type))});
  }
}

void check_entry(const graph_draft& draft, diagnostics& found) {
  bool known = std::all_of(draft.actors.begin(), draft.actors.end(),
                           [](const auto& actor) { return actor.type; });
  auto doors = doors_of(draft);
  if (doors.empty() && known && !draft.actors.empty())
    found.push_back({draft.at("actors"), "a graph needs a gateway, where "
                                         "requests enter"});
  for (std::size_t i = 1; i < doors.size(); ++i)
    found.push_back(
        {draft.actors[doors[i]].where,
         in_quotes(draft.actors[doors[i]].name) + " is a second gateway beside "
             + in_quotes(draft.actors[doors[0]].name) + "; a graph has one"});
}

void check_reach(const graph_draft& draft, diagnostics& found) {
  auto doors = doors_of(draft);
  if (!complete(draft, found) || doors.empty())
    return;
  std::vector<bool> reached(draft.actors.size());
  std::vector<std::size_t> open{doors.front()};
  reached[doors.front()] = true;
  while (!open.empty()) {
    auto at = open.back();
    open.pop_back();
    for (const auto& edge : draft.edges)
      if (edge.from == at && !reached[edge.to]) {
        reached[edge.to] = true;
        open.push_back(edge.to);
      }
  }
  for (std::size_t i = 0; i < draft.actors.size(); ++i)
    if (!reached[i])
      found.push_back({draft.actors[i].where,
                       "no request reaches " + in_quotes(draft.actors[i].name)
                           + " from "
                           + in_quotes(draft.actors[doors.front()].name)});
}

void check_cycles(const graph_draft& draft, diagnostics& found) {
  cycle_search search(draft);
  for (std::size_t i = 0; i < draft.actors.size(); ++i) {
    auto cycle = search.from(i);
    if (cycle.empty())
      continue;
    std::string text;
    for (auto actor : cycle)
      text += (text.empty() ? "" : " -> ") + draft.actors[actor].name;
    found.push_back({draft.actors[cycle.front()].where,
                     "requests would run in a circle: " + text});
  }
}

} // namespace sluice::graph
