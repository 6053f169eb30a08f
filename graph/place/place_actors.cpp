// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <map>

namespace sluice::graph {

namespace {

using text_list = capnp::List<capnp::Text>::Reader;

std::vector<std::string> strings(text_list list) {
  std::vector<std::string> out;
  for (auto text : list)
    out.push_back(text.cStr());
  return out;
}

bool contains(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

/// One selector of one rule.
struct rule_use {
  selector who;
  schema::PlaceRule::Reader rule;
  std::string at; ///< "place[1]"
};

/// Merges the rules that speak of one actor, or of one part of it.
class merge {
public:
  merge(const placement_draft& draft, std::string title,
        std::vector<const rule_use*> uses, diagnostics& found)
      : draft_(draft), title_(std::move(title)), uses_(std::move(uses)),
        found_(found) {
    std::stable_sort(uses_.begin(), uses_.end(), [](auto* a, auto* b) {
      return a->who.close() > b->who.close();
    });
  }

  /// The rule that decides `field`; null if none writes it.
  const rule_use* decide(const std::string& field) {
    const rule_use* first = nullptr;
    for (const auto* use : uses_) {
      if (!draft_.config.places().has(use->at + "." + field))
        continue;
      if (!first)
        first = use;
      else if (first->who.close() == use->who.close() && first->at != use->at)
        found_.push_back(
            {draft_.at(use->at + "." + field),
             in_quotes(title_) + " gets '" + field
                 + "' twice; the other is in line "
                 + std::to_string(draft_.at(first->at + "." + field).line)});
    }
    return first;
  }

  place_limits limits() {
    place_limits out;
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

  /// Where to point when the rules together are wrong.
  location where() const { return draft_.at(uses_.front()->at); }

private:
  static node_choice choice(schema::Where::Reader where) {
    return {strings(where.getZone()), strings(where.getNode()),
            strings(where.getLabel())};
  }

  void tell(std::string text) { found_.push_back({where(), std::move(text)}); }

  /// Turns "any" into names, and takes away what is never allowed.
  void close_zones(place_limits& limits) {
    if (limits.zones.empty())
      limits.zones = draft_.zone_names();
    else
      for (const auto& zone : limits.never.zones)
        if (contains(limits.zones, zone))
          tell(in_quotes(title_) + " may run in zone " + in_quotes(zone)
               + " and never in it");
    std::erase_if(limits.zones, [&](const std::string& zone) {
      return contains(limits.never.zones, zone);
    });
    if (limits.zones.empty() && !draft_.zones.empty())
      tell("no zone is left for " + in_quotes(title_));
    for (const auto& zone : limits.prefer.zones)
      if (!contains(limits.zones, zone) && contains(draft_.zone_names(), zone))
        tell(in_quotes(title_) + " prefers zone " + in_quotes(zone)
             + ", where it may not run");
  }

  /// Listed nodes must be usable, and leave their own zones only; unlisted ones
  /// may still join.
  void check_nodes(place_limits& limits) {
    if (limits.nodes.empty())
      return;
    bool known = true, fits = false;
    std::vector<std::string> zones;
    for (const auto& name : limits.nodes) {
      if (contains(limits.never.nodes, name))
        tell(in_quotes(title_) + " may run on node " + in_quotes(name)
             + " and never on it");
      const auto* node = draft_.find_node(name);
      if (!node || !contains(draft_.zone_names(), node->zone)) {
        known = false;
        continue;
      }
      if (contains(limits.zones, node->zone))
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
      return known && !contains(zones, zone);
    });
  }

  static bool able(const placement_node& node, const place_limits& limits) {
    for (const auto& label : limits.labels)
      if (!contains(node.labels, label))
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

  const placement_draft& draft_;
  std::string title_;
  std::vector<const rule_use*> uses_;
  diagnostics& found_;
};

/// Names inside one rule, whoever it speaks of.
void check_rule(const placement_draft& draft, schema::PlaceRule::Reader rule,
                const std::string& at, diagnostics& found) {
  auto zones = draft.zone_names();
  auto nodes = draft.node_names();
  auto check_where = [&](schema::Where::Reader where, const std::string& path) {
    check_known(where.getZone(), zones, "zone", draft, path + ".zone", found);
    check_known(where.getNode(), nodes, "node", draft, path + ".node", found);
  };
  check_known(rule.getZone(), zones, "zone", draft, at + ".zone", found);
  check_known(rule.getNode(), nodes, "node", draft, at + ".node", found);
  check_where(rule.getPrefer(), at + ".prefer");
  check_where(rule.getNever(), at + ".never");
  std::vector<std::string> actors;
  for (const auto& actor : draft.graph.actors())
    actors.push_back(actor.name);
  check_known(rule.getColocate(), actors, "actor", draft, at + ".colocate",
              found);
  auto tensor = rule.getTensor();
  if ((tensor & (tensor - 1)) != 0)
    found.push_back(
        {draft.at(at + ".tensor"), "field 'tensor' must be 1, 2, 4 or 8, not '"
                                       + std::to_string(tensor) + "'"});
  if (rule.hasReplicas()) {
    auto replicas = rule.getReplicas();
    if (replicas.getMin() > replicas.getMax())
      found.push_back({draft.at(at + ".replicas"),
                       "field 'replicas' is a range that ends before it "
                       "begins"});
    else if (replicas.getMax() == 0)
      found.push_back({draft.at(at + ".replicas"),
                       "field 'replicas' must allow at least one"});
  }
}

/// What a rule for stages or ranks may not say.
void check_part_rule(const placement_draft& draft, const rule_use& use,
                     diagnostics& found) {
  for (auto field : {"pipeline", "tensor", "expert", "replicas"})
    if (draft.config.places().has(use.at + "." + field))
      found.push_back({draft.at(use.at + "." + field),
                       "'" + std::string(field)
                           + "' is for a whole actor, not for its stages or "
                             "ranks"});
}

std::vector<rule_use> read_rules(const placement_draft& draft,
                                 diagnostics& found) {
  std::vector<rule_use> out;
  std::vector<std::string> actors;
  for (const auto& actor : draft.graph.actors())
    actors.push_back(actor.name);
  auto rules = draft.config.root().getPlace();
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    auto at = element("place", i);
    check_rule(draft, rules[i], at, found);
    auto names = rules[i].getActor();
    for (std::uint32_t j = 0; j < names.size(); ++j) {
      auto where = draft.at(element(at + ".actor", j));
      std::string text = names[j].cStr();
      if (text.empty())
        continue;
      auto parsed = parse_selector(text);
      if (auto* error = std::get_if<shorthand_error>(&parsed)) {
        found.push_back({where, in_quotes(text) + " " + error->text});
        continue;
      }
      rule_use use{std::get<selector>(parsed), rules[i], at};
      bool any = std::any_of(actors.begin(), actors.end(),
                             [&](auto& name) { return use.who.matches(name); });
      if (!any)
        found.push_back(
            {where, use.who.close() == closeness::exact
                        ? "unknown actor " + in_quotes(use.who.actor)
                              + hint(use.who.actor, actors)
                        : "no actor is meant by " + in_quotes(use.who.actor)});
      if (use.who.of_part())
        check_part_rule(draft, use, found);
      out.push_back(std::move(use));
    }
  }
  return out;
}

/// Degrees and replicas of one actor.
void split(const placement_draft& draft, const graph_actor& actor, merge& rules,
           placed_actor& out, diagnostics& found) {
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
    merge merged(draft, actor.name, whole, found);
    out.limits = merged.limits();
    split(draft, actor, merged, out, found);
  }
  for (const auto* use : parts) {
    check_part(draft, *use, out, found);
    merge merged(draft, actor.name, {use}, found);
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
          [&](const std::string& zone) { return contains(zones, zone); });
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
