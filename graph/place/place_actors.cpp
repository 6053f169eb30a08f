// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/place_rule.hpp"
#include "graph/place/rule_merge.hpp"
#include "graph/place/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

/// Degrees and replicas of one actor.
void split(const placement_draft& draft, const graph_actor& actor,
           rule_merge& rules, placed_actor& out, diagnostics& found) {
  bool is_model = actor.settings.getKind().isModel();
  if (is_model)
    out.pipeline = actor.settings.getKind().getModel().getPipeline();
  auto degree = [&](const char* field, std::uint32_t& target, auto value) {
    auto* use = rules.decide(field);
    if (!use)
      return;
    if (!is_model && use->who.close() == closeness::exact)
      found.push_back({draft.at(use->at + "." + field),
                       in_quotes(actor.name) + " is a " + actor.type->name
                           + "; '" + field + "' is for models"});
    if (is_model)
      target = value(use->rule);
  };
  degree("pipeline", out.pipeline, [](auto r) { return r.getPipeline(); });
  degree("tensor", out.tensor, [](auto r) { return r.getTensor(); });
  degree("expert", out.expert, [](auto r) { return r.getExpert(); });
  if (auto* use = rules.decide("replicas"))
    out.replicas = {use->rule.getReplicas().getMin(),
                    use->rule.getReplicas().getMax()};
}

/// A part's stages and ranks lie within the actor's.
void check_part(const placement_draft& draft, const rule_use& use,
                const placed_actor& actor, diagnostics& found) {
  auto check = [&](const std::optional<count_range>& range, std::uint32_t count,
                   const std::string& what) {
    if (range && range->max >= count && use.who.close() == closeness::exact)
      found.push_back({draft.at(use.at + ".actor"),
                       in_quotes(actor.name) + " has no " + what + " "
                           + std::to_string(range->max) + "; it has "
                           + std::to_string(count) + ", counted from 0"});
  };
  check(use.who.stages, actor.pipeline, "stage");
  check(use.who.ranks, actor.tensor, "rank");
}

/// The entry of one actor, made from the rules that match it.
placed_actor place(const placement_draft& draft, const graph_actor& actor,
                   const std::vector<rule_use>& rules, diagnostics& found) {
  placed_actor out;
  out.name = actor.name;
  std::vector<const rule_use*> whole, parts;
  for (const auto& use : rules)
    if (use.who.matches(actor.name))
      (use.who.of_part() ? parts : whole).push_back(&use);
  if (whole.empty() && parts.empty()) {
    found.push_back({draft.at("place"), in_quotes(actor.name)
                                            + " has no place: add a rule for "
                                              "it, or one for '*'"});
    return out;
  }
  if (whole.empty()) {
    out.limits.zones = draft.zone_names();
    if (actor.settings.getKind().isModel())
      out.pipeline = actor.settings.getKind().getModel().getPipeline();
  } else {
    rule_merge merged(draft, actor.name, whole, found);
    out.limits = merged.limits();
    split(draft, actor, merged, out, found);
  }
  for (const auto* use : parts) {
    check_part(draft, *use, out, found);
    rule_merge merged(draft, actor.name, {use}, found);
    out.parts.push_back({use->who.stages, use->who.ranks, merged.limits()});
  }
  return out;
}

/// Actors that share a node share a zone.
void check_colocate(const placement_draft& draft, diagnostics& found) {
  for (const auto& actor : draft.actors) {
    for (const auto& name : actor.limits.colocate) {
      auto other = std::find_if(draft.actors.begin(), draft.actors.end(),
                                [&](auto& a) { return a.name == name; });
      if (other == draft.actors.end())
        continue;
      auto zones = other->every_zone();
      bool shared = std::any_of(
          actor.limits.zones.begin(), actor.limits.zones.end(),
          [&](const std::string& zone) {
            return std::find(zones.begin(), zones.end(), zone) != zones.end();
          });
      if (!shared)
        found.push_back(
            {draft.at("place"),
             in_quotes(actor.name) + " and " + in_quotes(name)
                 + " cannot share a node: no zone is open to both"});
    }
  }
}

} // namespace

void place_actors(placement_draft& draft, diagnostics& found) {
  auto rules = read_rules(draft, found);
  for (const auto& actor : draft.graph.actors())
    draft.actors.push_back(place(draft, actor, rules, found));
  check_colocate(draft, found);
}

} // namespace sluice::graph
