// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/validated_placement.hpp"

#include "graph/names.hpp"
#include "graph/place/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

/// The fields that `over` writes take the place of those of `out`.
void lay_over(place_limits& out, const place_limits& over) {
  for (const auto& [field, where] : over.written) {
    out.written[field] = where;
    if (field == "node")
      out.nodes = over.nodes;
    else if (field == "label")
      out.labels = over.labels;
    else if (field == "colocate")
      out.colocate = over.colocate;
    else if (field == "spread")
      out.spread = over.spread;
    else if (field == "prefer")
      out.prefer = over.prefer;
    else if (field == "never")
      out.never = over.never;
    else if (field == "needs") {
      out.memory = over.memory;
      out.device = over.device;
      out.cores = over.cores;
    }
  }
  if (over.written.contains("zone"))
    out.zones = over.zones;
  std::erase_if(out.zones, [&](const std::string& zone) {
    return std::ranges::count(out.never.zones, zone) != 0;
  });
}

} // namespace

bool lists(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

bool node_choice::holds(const placement_node& node) const {
  return lists(zones, node.zone) || lists(nodes, node.name)
         || std::ranges::any_of(labels, [&](const std::string& label) {
              return lists(node.labels, label);
            });
}

std::vector<std::string> placed_actor::every_zone() const {
  auto out = limits.zones;
  for (const auto& part : parts)
    for (const auto& zone : part.limits.zones)
      if (std::find(out.begin(), out.end(), zone) == out.end())
        out.push_back(zone);
  return out;
}

place_limits placed_actor::limits_of(std::uint32_t stage, std::uint32_t rank,
                                     work_phase phase) const {
  auto out = limits;
  for (const auto& part : parts)
    if (part.who.takes(stage, rank, phase))
      lay_over(out, part.limits);
  return out;
}

const placement_node* placement_draft::find_node(std::string_view name) const {
  for (const auto& node : nodes)
    if (node.name == name)
      return &node;
  return nullptr;
}

std::vector<std::string> placement_draft::zone_names() const {
  std::vector<std::string> out;
  for (const auto& zone : zones)
    out.push_back(zone.name);
  return out;
}

std::vector<std::string> placement_draft::node_names() const {
  std::vector<std::string> out;
  for (const auto& node : nodes)
    out.push_back(node.name);
  return out;
}

void check_known(capnp::List<capnp::Text>::Reader written,
                 const std::vector<std::string>& known, const std::string& what,
                 const placement_draft& draft, const std::string& at,
                 diagnostics& found) {
  for (std::uint32_t i = 0; i < written.size(); ++i) {
    std::string name = written[i].cStr();
    auto path = element(at, i);
    if (std::find(known.begin(), known.end(), name) == known.end())
      found.push_back({draft.at(path), "unknown " + what + " '" + name + "'"
                                           + hint(name, known)});
    for (std::uint32_t j = 0; j < i; ++j)
      if (name == written[j].cStr())
        found.push_back({draft.at(path),
                         what + " '" + name + "' stands twice in this list"});
  }
}

void collect_places(placement_draft& draft, diagnostics& found) {
  auto root = draft.config.root();
  if (root.hasPlacement())
    check_name(root.getPlacement().cStr(), draft.at("placement"), "placement",
               found);
  std::size_t i = 0;
  for (auto zone : root.getZones()) {
    check_name(zone.getName().cStr(), draft.at(element("zones", i++) + ".name"),
               "zone", found);
    draft.zones.push_back(
        {zone.getName().cStr(), zone.getTrust(), zone.getPrice()});
  }
  if (draft.zones.empty() && root.hasZones())
    found.push_back({draft.at("zones"), "a placement needs a zone"});
  draft.nodes = read_nodes(root.getNodes(), draft.config.places(), found);
  i = 0;
  auto zones = draft.zone_names();
  for (const auto& made : draft.nodes) {
    auto at = element("nodes", i++) + ".zone";
    if (draft.config.places().has(at)
        && std::find(zones.begin(), zones.end(), made.zone) == zones.end())
      found.push_back({draft.at(at), "unknown zone '" + made.zone + "'"
                                         + hint(made.zone, zones)});
  }
}

std::optional<validated_placement> validate(const placement_config& config,
                                            const validated_graph& graph,
                                            diagnostics& found) {
  placement_draft draft{config, graph, {}, {}, {}, {}};
  collect_places(draft, found);
  place_actors(draft, found);
  collect_keep(draft, found);
  check_keep(draft, found);
  if (!found.empty())
    return std::nullopt;
  validated_placement out;
  out.name_ = config.root().getPlacement().cStr();
  out.zones_ = std::move(draft.zones);
  out.nodes_ = std::move(draft.nodes);
  out.actors_ = std::move(draft.actors);
  out.keep_ = std::move(draft.keep);
  return out;
}

} // namespace sluice::graph
