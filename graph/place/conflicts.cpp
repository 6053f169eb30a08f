// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Why there is no assignment: minimal sets of rules that exclude each other,
// found by leaving rules out one by one.
#include "graph/place/rule_texts.hpp"
#include "graph/place/solve.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <map>

namespace sluice::graph {

namespace {

// Each set costs a search for every rule.
constexpr std::size_t most_sets = 16;

bool solvable(const place_problem& problem, std::size_t work) {
  return search(problem, work, true).slots.has_value();
}

/// Switches rules off until every one that is left is needed for the conflict.
std::vector<rule_index> minimal_set(place_problem& problem, std::size_t work) {
  std::vector<rule_index> tried;
  for (rule_index i = 0; i < problem.rules.size(); ++i)
    if (problem.rules[i].on)
      tried.push_back(i);
  for (auto rule : tried) {
    problem.rules[rule].on = false;
    if (solvable(problem, work))
      problem.rules[rule].on = true;
  }
  std::vector<rule_index> out;
  for (auto rule : tried)
    if (problem.rules[rule].on)
      out.push_back(rule);
  return out;
}

class conflict_writer {
public:
  conflict_writer(place_problem& problem, std::size_t work, diagnostics& found)
      : problem_(problem), work_(work), found_(found) {}

  void rules() {
    std::vector<rule_index> told;
    std::vector<std::vector<rule_index>> sets;
    while (sets.size() < most_sets) {
      switch_on_but(told);
      if (!sets.empty() && solvable(problem_, work_))
        break;
      sets.push_back(minimal_set(problem_, work_));
      if (sets.back().empty())
        break;
      told.insert(told.end(), sets.back().begin(), sets.back().end());
    }
    switch_on_but({});
    for (const auto& set : sets)
      tell(set, sets.size() > 1);
  }

  void nodes(const dead_end& stuck) {
    if (stuck.replica)
      room(stuck);
    std::map<std::string, std::vector<std::string>> same;
    std::vector<std::string> order;
    for (std::size_t i = 0; i < stuck.nodes.size(); ++i) {
      if (!stuck.nodes[i])
        continue;
      const auto why = sentence(*stuck.nodes[i], stuck.unit);
      if (!same.contains(why))
        order.push_back(why);
      same[why].push_back(problem_.nodes()[i].has.name);
    }
    for (const auto& why : order)
      found_.push_back({{}, nodes_named(same[why]) + ": " + why});
  }

private:
  /// "3.1 GiB free, 4.0 GiB needed by home.stage[1]"
  std::string sentence(const refusal& why, std::size_t unit) const {
    const auto words = words_of(problem_, why);
    const auto& name = problem_.units[unit].name;
    if (words.ends_with(" needed"))
      return words + " by " + name;
    return words.find(in_quotes(problem_.units[unit].who.actor))
                   != std::string::npos
               ? words
               : words + ", so not for " + name;
  }

  void switch_on_but(const std::vector<rule_index>& off) {
    for (auto& rule : problem_.rules)
      rule.on = true;
    for (auto rule : off)
      problem_.rules[rule].on = false;
  }

  void tell(const std::vector<rule_index>& set, bool others) {
    for (auto rule : set)
      found_.push_back({problem_.rules[rule].where,
                        "cannot be met: " + problem_.rules[rule].text});
    if (set.empty())
      found_.push_back({{}, "there is no node"});
    else if (set.size() == 1)
      found_.push_back(
          {{},
           others ? "these nodes cannot meet it, and other rules "
                    "conflict too"
                  : "these nodes cannot meet it; without this rule there "
                    "is a placement"});
    else
      found_.push_back({{},
                        "these " + std::to_string(set.size())
                            + " rules cannot all be met"
                            + (others ? ", and other rules conflict too"
                                      : "; without any one of them there is a "
                                        "placement")});
  }

  void room(const dead_end& stuck) {
    const auto& replica = problem_.replicas[*stuck.replica];
    const auto layers = replica.ranges->layers();
    const auto& one = problem_.units[replica.units.front()];
    for (const auto& [node, bytes] : stuck.free)
      if (bytes != unlimited)
        found_.push_back({{},
                          "node " + in_quotes(problem_.nodes()[node].has.name)
                              + ": " + written_bytes(bytes)
                              + " free, too little for its part " + "of the "
                              + std::to_string(layers) + " layers ("
                              + written_bytes(replica.ranges->memory(0, layers))
                              + ") of " + one.who.actor});
  }

  std::string nodes_named(const std::vector<std::string>& names) const {
    if (names.size() == 1)
      return "node " + in_quotes(names.front());
    auto out = "nodes " + in_quotes(names[0]) + ", " + in_quotes(names[1]);
    if (names.size() > 2)
      out += " and " + std::to_string(names.size() - 2) + " more";
    return out;
  }

  place_problem& problem_;
  std::size_t work_;
  diagnostics& found_;
};

} // namespace

std::string words_of(const place_problem& problem, const refusal& why) {
  const auto& rule = problem.rules[why.rule];
  auto free_and_needed = [&](const std::string& free, const std::string& need) {
    return free + " free, " + need + " needed";
  };
  switch (rule.kind) {
  case rule_kind::memory:
  case rule_kind::weights:
    return free_and_needed(written_bytes(why.free), written_bytes(why.needed));
  case rule_kind::cores:
    return free_and_needed(std::to_string(why.free) + " cores",
                           std::to_string(why.needed));
  case rule_kind::device:
    return why.needed == 0 ? "has no cuda device" : "no cuda device is free";
  case rule_kind::spread:
    return "shared with " + problem.units[*why.other].name;
  case rule_kind::colocate:
    return "not the node of " + problem.units[*why.other].name;
  default:
    return rule.text;
  }
}

void tell_conflicts(place_problem& problem, const dead_end* stuck,
                    std::size_t work, diagnostics& found) {
  conflict_writer out(problem, work, found);
  out.rules();
  if (stuck)
    out.nodes(*stuck);
}

} // namespace sluice::graph
