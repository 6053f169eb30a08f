// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where labelled data can go. A label counts from the door on: the text of a
// request is what it is before anybody has labelled it.
#include "graph/place/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <set>

namespace sluice::graph {

namespace {

/// Labels that rules of the graph put on requests or look for.
std::vector<std::string> known_labels(const validated_graph& graph) {
  std::set<std::string> out;
  for (const auto& actor : graph.actors()) {
    auto kind = actor.settings.getKind();
    if (kind.isPreprocess())
      for (auto rule : kind.getPreprocess().getLabel())
        out.insert(rule.getAs().cStr());
    if (kind.isRouter())
      for (auto rule : kind.getRouter().getRules())
        if (rule.getWhen().hasLabel())
          out.insert(rule.getWhen().getLabel().cStr());
  }
  return {out.begin(), out.end()};
}

/// Outputs by which a request with `label` may leave a router. Load and other
/// labels may be anything; only the label itself is certain.
std::set<std::string> open_outputs(schema::Router::Reader router,
                                   std::string_view label) {
  std::set<std::string> out;
  for (auto rule : router.getRules()) {
    out.insert(rule.getTo().cStr());
    auto when = rule.getWhen();
    bool certain = !when.hasLoadOf()
                   && (!when.hasLabel() || label == when.getLabel().cStr());
    if (certain)
      break;
  }
  return out;
}

/// Where a label can get to, and by which way.
class label_flow {
public:
  label_flow(const validated_graph& graph, std::string_view label)
      : graph_(graph), ways_(graph.actors().size()) {
    for (std::size_t i = 0; i < graph.actors().size(); ++i)
      if (graph.actors()[i].type->is_door)
        follow(i, label);
  }

  /// "door -> prep -> pick.away -> away", or empty if it cannot get there.
  const std::string& way_to(std::size_t actor) const { return ways_[actor]; }

private:
  void follow(std::size_t door, std::string_view label) {
    ways_[door] = graph_.actors()[door].name;
    std::vector<std::size_t> open{door};
    // Breadth first: the way that is told is a shortest one.
    for (std::size_t next = 0; next < open.size(); ++next) {
      auto at = open[next];
      auto kind = graph_.actors()[at].settings.getKind();
      auto outputs = kind.isRouter() ? open_outputs(kind.getRouter(), label)
                                     : std::set<std::string>{};
      for (const auto& edge : graph_.edges()) {
        if (edge.from != at || !ways_[edge.to].empty()
            || (kind.isRouter() && !outputs.contains(edge.output)))
          continue;
        ways_[edge.to] = ways_[at] + (kind.isRouter() ? "." + edge.output : "")
                         + " -> " + graph_.actors()[edge.to].name;
        open.push_back(edge.to);
      }
    }
  }

  const validated_graph& graph_;
  std::vector<std::string> ways_;
};

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : ", ") + item;
  return "[" + out + "]";
}

} // namespace

void collect_keep(placement_draft& draft, diagnostics& found) {
  auto labels = known_labels(draft.graph);
  std::size_t i = 0;
  for (auto rule : draft.config.root().getKeep()) {
    auto at = element("keep", i++);
    std::string label = rule.getLabel().cStr();
    if (rule.hasLabel()
        && std::find(labels.begin(), labels.end(), label) == labels.end())
      found.push_back(
          {draft.at(at + ".label"), "no rule of the graph knows the label '"
                                        + label + "'" + hint(label, labels)});
    check_known(rule.getInside(), draft.zone_names(), "zone", draft,
                at + ".inside", found);
    for (const auto& other : draft.keep)
      if (other.label == label)
        found.push_back({draft.at(at + ".label"),
                         "label '" + label + "' has a rule already, in line "
                             + std::to_string(other.where.line)});
    keep_limits made{label, {}, draft.at(at), {}};
    for (auto zone : rule.getInside())
      made.inside.push_back(zone.cStr());
    if (made.inside.empty() && rule.hasInside())
      found.push_back({draft.at(at + ".inside"), "field 'inside' names no "
                                                 "zone"});
    draft.keep.push_back(std::move(made));
  }
}

void check_keep(placement_draft& draft, diagnostics& found) {
  // With other mistakes about, zones are guesses.
  if (!found.empty())
    return;
  for (auto& rule : draft.keep) {
    label_flow flow(draft.graph, rule.label);
    for (std::size_t i = 0; i < draft.actors.size(); ++i) {
      const auto& actor = draft.actors[i];
      if (flow.way_to(i).empty())
        continue;
      rule.reaches.push_back(actor.name);
      for (const auto& zone : actor.every_zone())
        if (std::find(rule.inside.begin(), rule.inside.end(), zone)
            == rule.inside.end())
          found.push_back({rule.where, "label '" + rule.label
                                           + "' could reach '" + actor.name
                                           + "' in zone '" + zone
                                           + "', outside " + listed(rule.inside)
                                           + ": " + flow.way_to(i)});
    }
  }
}

} // namespace sluice::graph
