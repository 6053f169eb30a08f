// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

void check_condition(const graph_draft& draft,
                     schema::Condition::Reader condition, const std::string& at,
                     diagnostics& found) {
  const auto& places = draft.config.places();
  bool compares = places.has(at + ".above") || places.has(at + ".below");
  if (!condition.hasLabel() && !condition.hasLoadOf() && !compares)
    found.push_back({draft.at(at), "'when' says nothing; leave it out for the "
                                   "rule that always matches"});
  if (condition.hasLoadOf() && !compares)
    found.push_back({draft.at(at), "'load_of' needs 'above' or 'below'"});
  if (!condition.hasLoadOf() && compares)
    found.push_back({draft.at(at), "'above' and 'below' need 'load_of'"});
  if (condition.getAbove() >= condition.getBelow())
    found.push_back({draft.at(at), "no load is above "
                                   "and below these numbers at once"});
  if (!condition.hasLoadOf())
    return;
  std::vector<std::string> models;
  for (const auto& actor : draft.actors)
    if (actor.settings.getKind().isModel())
      models.push_back(actor.name);
  std::string name = condition.getLoadOf().cStr();
  if (std::find(models.begin(), models.end(), name) != models.end())
    return;
  auto other = draft.find_actor(name);
  found.push_back(
      {draft.at(at + ".load_of"),
       other ? in_quotes(name)
                   + " is no model actor; only models "
                     "have a load"
             : "unknown actor " + in_quotes(name) + hint(name, models)});
}

/// Outputs of actor `index` that the flow connects.
std::vector<std::string> outputs_of(const graph_draft& draft,
                                    std::size_t index) {
  std::vector<std::string> out;
  for (const auto& edge : draft.edges)
    if (edge.from == index)
      out.push_back(edge.output);
  return out;
}

void check_router(const graph_draft& draft, std::size_t index,
                  diagnostics& found) {
  const auto& actor = draft.actors[index];
  auto rules = actor.settings.getKind().getRouter().getRules();
  auto outputs = outputs_of(draft, index);
  std::vector<std::string> chosen;
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    auto at = element(actor.at + ".rules", i);
    auto rule = rules[i];
    bool last = i + 1 == rules.size();
    if (rule.hasWhen())
      check_condition(draft, rule.getWhen(), at + ".when", found);
    else if (!last)
      found.push_back({draft.at(at), "this rule always matches, so the rules "
                                     "after it are never read"});
    if (last && rule.hasWhen())
      found.push_back({draft.at(at), "the last rule of " + in_quotes(actor.name)
                                         + " needs to match always: add "
                                           "'- {to: ...}' after it"});
    if (!rule.hasTo())
      continue;
    std::string to = rule.getTo().cStr();
    chosen.push_back(to);
    if (std::find(outputs.begin(), outputs.end(), to) == outputs.end())
      found.push_back({draft.at(at + ".to"),
                       "no flow leaves " + in_quotes(actor.name + "." + to)
                           + hint(to, outputs)});
  }
  if (rules.size() == 0 && draft.config.places().has(actor.at + ".rules"))
    found.push_back(
        {draft.at(actor.at + ".rules"), in_quotes(actor.name)
                                            + " needs a rule, at least "
                                              "'- {to: ...}'"});
  for (const auto& edge : draft.edges)
    if (edge.from == index
        && std::find(chosen.begin(), chosen.end(), edge.output) == chosen.end())
      found.push_back(
          {edge.where, "no rule of " + in_quotes(actor.name) + " leads to "
                           + in_quotes(actor.name + "." + edge.output)
                           + hint(edge.output, chosen)});
}

} // namespace

void check_rules(const graph_draft& draft, diagnostics& found) {
  for (std::size_t i = 0; i < draft.actors.size(); ++i)
    if (draft.actors[i].settings.getKind().isRouter())
      check_router(draft, i, found);
}

} // namespace sluice::graph
