// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/place_rule.hpp"

#include "graph/yaml/nearest.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

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
  for (auto field : {"pipeline", "tensor", "expert", "replicas", "prefill"})
    if (draft.config.places().has(use.at + "." + field))
      found.push_back({draft.at(use.at + "." + field),
                       "'" + std::string(field)
                           + "' is for a whole actor, not for its stages or "
                             "ranks"});
}

} // namespace

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

} // namespace sluice::graph
