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
    if (is_model) {
      target = value(use->rule);
      out.written.emplace(field, draft.at(use->at + "." + field));
    }
  };
  degree("pipeline", out.pipeline, [](auto r) { return r.getPipeline(); });
  degree("tensor", out.tensor, [](auto r) { return r.getTensor(); });
  degree("expert", out.expert, [](auto r) { return r.getExpert(); });
  degree("prefill", out.prefill, [](auto r) { return r.getPrefill(); });
  if (auto* use = rules.decide("replicas")) {
    out.replicas = {use->rule.getReplicas().getMin(),
                    use->rule.getReplicas().getMax()};
    out.written.emplace("replicas", draft.at(use->at + ".replicas"));
  }
  // One replica at least reads prompts and one generates, whatever the load.
  if (out.prefill != 0 && out.prefill >= out.replicas.min)
    found.push_back({out.written.at("prefill"),
                     in_quotes(actor.name) + " needs more replicas than the "
                         + std::to_string(out.prefill)
                         + " of 'prefill', at all times; it has "
                         + std::to_string(out.replicas.min)});
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
  if (use.who.phase && actor.prefill == 0
      && use.who.close() == closeness::exact)
    found.push_back({draft.at(use.at + ".actor"),
                     in_quotes(actor.name) + " has no replicas for "
                         + std::string(name(*use.who.phase))
                         + " alone: its rule says no 'prefill'"});
}

/// Limits of a part: where its rule says nothing, the actor's hold. What is
/// wrong with those alone has been told.
placed_part read_part(const placement_draft& draft, const graph_actor& actor,
                      const rule_use& use, std::vector<const rule_use*> whole,
                      bool whole_is_right, diagnostics& found) {
  diagnostics own;
  whole.push_back(&use);
  rule_merge merged(draft, actor.name, whole, own);
  placed_part out{use.who, merged.limits()};
  std::erase_if(out.limits.written, [&](const auto& one) {
    return !draft.config.places().has(use.at + "." + one.first);
  });
  if (whole_is_right)
    found.insert(found.end(), own.begin(), own.end());
  return out;
}

/// Of two rules that are equally close, only one decides a field of a shard.
void check_overlap(const placement_draft& draft, const rule_use& a,
                   const rule_use& b, const std::string& actor,
                   diagnostics& found) {
  if (a.at == b.at || a.who.close() != b.who.close() || !a.who.overlaps(b.who))
    return;
  for (auto field : {"zone", "node", "label", "needs", "colocate", "spread",
                     "prefer", "never"}) {
    const auto& places = draft.config.places();
    if (places.has(a.at + "." + field) && places.has(b.at + "." + field))
      found.push_back(
          {draft.at(b.at + "." + field),
           "parts of " + in_quotes(actor) + " get '" + field
               + "' twice; the other is in line "
               + std::to_string(draft.at(a.at + "." + field).line)});
  }
}

/// The entry of one actor, made from the rules that match it.
placed_actor place(const placement_draft& draft, const graph_actor& actor,
                   const std::vector<rule_use>& rules, diagnostics& found) {
  placed_actor out;
  out.name = actor.name;
  const auto before = found.size();
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
  out.where = draft.at((whole.empty() ? parts : whole).front()->at);
  if (whole.empty()) {
    out.limits.zones = draft.zone_names();
    if (actor.settings.getKind().isModel())
      out.pipeline = actor.settings.getKind().getModel().getPipeline();
  } else {
    rule_merge merged(draft, actor.name, whole, found);
    out.limits = merged.limits();
    split(draft, actor, merged, out, found);
  }
  const bool whole_is_right = found.size() == before;
  // The closest comes last, so that it decides.
  std::ranges::stable_sort(parts, {},
                           [](auto* use) { return use->who.close(); });
  for (std::size_t i = 0; i < parts.size(); ++i) {
    check_part(draft, *parts[i], out, found);
    for (std::size_t j = 0; j < i; ++j)
      check_overlap(draft, *parts[j], *parts[i], actor.name, found);
    out.parts.push_back(
        read_part(draft, actor, *parts[i], whole, whole_is_right, found));
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
