// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/rule_merge.hpp"

#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <utility>

namespace sluice::graph {

namespace {

using text_list = capnp::List<capnp::Text>::Reader;

std::vector<std::string> strings(text_list list) {
  std::vector<std::string> out;
  for (auto text : list)
    out.push_back(text.cStr());
  return out;
}

node_choice choice(schema::Where::Reader where) {
  return {strings(where.getZone()), strings(where.getNode()),
          strings(where.getLabel())};
}

bool able(const placement_node& node, const place_limits& limits) {
  for (const auto& label : limits.labels)
    if (!lists(node.labels, label))
      return false;
  if (limits.cores > node.cores && node.cores != 0)
    return false;
  if (limits.device != schema::DeviceKind::CUDA)
    return limits.memory <= node.memory || node.memory == 0;
  return std::any_of(node.devices.begin(), node.devices.end(),
                     [&](const placement_device& device) {
                       return device.kind == schema::DeviceKind::CUDA
                              && (limits.memory <= device.memory
                                  || device.memory == 0);
                     });
}

} // namespace

rule_merge::rule_merge(const placement_draft& draft, std::string title,
                       std::vector<const rule_use*> uses, diagnostics& found)
    : draft_(draft), title_(std::move(title)), uses_(std::move(uses)),
      found_(found) {
  std::stable_sort(uses_.begin(), uses_.end(), [](auto* a, auto* b) {
    return std::pair(a->who.of_part(), a->who.close())
           > std::pair(b->who.of_part(), b->who.close());
  });
}

const rule_use* rule_merge::decide(const std::string& field) {
  const rule_use* first = nullptr;
  for (const auto* use : uses_) {
    if (!draft_.config.places().has(use->at + "." + field))
      continue;
    if (!first)
      first = use;
    else if (first->who.close() == use->who.close()
             && first->who.of_part() == use->who.of_part()
             && first->at != use->at)
      found_.push_back(
          {draft_.at(use->at + "." + field),
           in_quotes(title_) + " gets '" + field
               + "' twice; the other is in line "
               + std::to_string(draft_.at(first->at + "." + field).line)});
  }
  return first;
}

place_limits rule_merge::limits() {
  place_limits out;
  for (const auto* field :
       {"zone", "node", "label", "colocate", "spread", "prefer", "never",
        "needs", "needs.memory", "needs.device", "needs.cores"})
    for (const auto* use : uses_)
      if (draft_.config.places().has(use->at + "." + field)) {
        out.written.emplace(field, draft_.at(use->at + "." + field));
        break;
      }
  if (auto* use = decide("zone"))
    out.zones = strings(use->rule.getZone());
  if (auto* use = decide("node"))
    out.nodes = strings(use->rule.getNode());
  if (auto* use = decide("label"))
    out.labels = strings(use->rule.getLabel());
  if (auto* use = decide("colocate"))
    out.colocate = strings(use->rule.getColocate());
  if (auto* use = decide("spread"))
    out.spread = use->rule.getSpread();
  if (auto* use = decide("prefer"))
    out.prefer = choice(use->rule.getPrefer());
  if (auto* use = decide("never"))
    out.never = choice(use->rule.getNever());
  if (auto* use = decide("needs")) {
    out.memory = use->rule.getNeeds().getMemory();
    out.device = use->rule.getNeeds().getDevice();
    out.cores = use->rule.getNeeds().getCores();
  }
  close_zones(out);
  check_nodes(out);
  return out;
}

void rule_merge::tell(std::string text) {
  found_.push_back({draft_.at(uses_.front()->at), std::move(text)});
}

/// Turns "any" into names, and takes away what is never allowed.
void rule_merge::close_zones(place_limits& limits) {
  if (limits.zones.empty())
    limits.zones = draft_.zone_names();
  else
    for (const auto& zone : limits.never.zones)
      if (lists(limits.zones, zone))
        tell(in_quotes(title_) + " may run in zone " + in_quotes(zone)
             + " and never in it");
  std::erase_if(limits.zones, [&](const std::string& zone) {
    return lists(limits.never.zones, zone);
  });
  if (limits.zones.empty() && !draft_.zones.empty())
    tell("no zone is left for " + in_quotes(title_));
  for (const auto& zone : limits.prefer.zones)
    if (!lists(limits.zones, zone) && lists(draft_.zone_names(), zone))
      tell(in_quotes(title_) + " prefers zone " + in_quotes(zone)
           + ", where it may not run");
}

/// Listed nodes must be usable, and leave their own zones only; unlisted ones
/// may still join.
void rule_merge::check_nodes(place_limits& limits) {
  if (limits.nodes.empty())
    return;
  bool known = true, fits = false;
  std::vector<std::string> zones;
  for (const auto& name : limits.nodes) {
    if (lists(limits.never.nodes, name))
      tell(in_quotes(title_) + " may run on node " + in_quotes(name)
           + " and never on it");
    const auto* node = draft_.find_node(name);
    if (!node || !lists(draft_.zone_names(), node->zone)) {
      known = false;
      continue;
    }
    if (lists(limits.zones, node->zone))
      zones.push_back(node->zone);
    else if (!limits.zones.empty())
      tell("node " + in_quotes(name) + " stands in zone "
           + in_quotes(node->zone) + ", where " + in_quotes(title_)
           + " may not run");
    fits = fits || able(*node, limits);
  }
  if (known && !fits)
    tell("no listed node has what " + in_quotes(title_)
         + " needs (labels, memory, device, cores)");
  std::erase_if(limits.zones, [&](const std::string& zone) {
    return known && !lists(zones, zone);
  });
}

} // namespace sluice::graph
