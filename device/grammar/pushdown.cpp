// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/pushdown.hpp"

#include <algorithm>
#include <string>

namespace sluice::device {

namespace {

// Whether a machine has a way to an end that takes at least one byte.
bool takes_bytes(const machine& automaton) {
  return !automaton.is_empty()
         && !(automaton.states.front().bytes.empty()
              && automaton.states.front().calls.empty());
}

// Drops what can never be finished, until nothing changes.
std::vector<bool> trim_all(std::vector<machine>& rules, work_budget& budget) {
  std::vector<bool> callable(rules.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (callable[i])
        continue;
      budget.steps(rules[i].states.size());
      if (takes_bytes(trim(rules[i], callable)))
        changed = callable[i] = true;
    }
  }
  for (auto& rule : rules)
    rule = trim(rule, callable);
  return callable;
}

std::string name_of(const syntax& from, rule_id rule) {
  return rule < from.rules().size() ? from.rules()[rule].name : "repetition";
}

// Looks for rules that call themselves before any byte.
class left_recursion {
public:
  left_recursion(const syntax& from, const std::vector<machine>& rules)
      : from_{from}, rules_{rules}, marks_(rules.size(), mark::fresh) {}

  void refuse_any() {
    for (rule_id rule = 0; rule < rules_.size(); ++rule)
      search(rule);
  }

private:
  enum class mark : std::uint8_t { fresh, open, done };

  // Depth first with a list of its own: chains of rules may be long.
  void search(rule_id first) {
    std::vector<std::pair<rule_id, std::size_t>> path{{first, 0}};
    while (!path.empty()) {
      auto& [rule, next] = path.back();
      const auto calls = rules_[rule].is_empty()
                             ? nullptr
                             : &rules_[rule].states.front().calls;
      if (next == 0 && marks_[rule] == mark::done) {
        path.pop_back();
        continue;
      }
      marks_[rule] = mark::open;
      if (calls == nullptr || next == calls->size()) {
        marks_[rule] = mark::done;
        path.pop_back();
        continue;
      }
      const auto called = (*calls)[next++].rule;
      if (marks_[called] == mark::open)
        refuse(path, called);
      if (marks_[called] == mark::fresh)
        path.emplace_back(called, 0);
    }
  }

  [[noreturn]] void
  refuse(const std::vector<std::pair<rule_id, std::size_t>>& path,
         rule_id again) {
    const auto from = std::ranges::find(
        path, again, [](const auto& step) { return step.first; });
    std::string text = "left recursion: ";
    for (auto at = from; at != path.end(); ++at)
      text += "'" + name_of(from_, at->first) + "' begins with ";
    throw model_error(text + "'" + name_of(from_, again)
                      + "'; write the repetition to the right, or with *");
  }

  const syntax& from_;
  const std::vector<machine>& rules_;
  std::vector<mark> marks_;
};

} // namespace

pushdown link_rules(const syntax& from, rule_id root, work_budget& budget) {
  auto rules = draw_rules(from, root, budget);
  const auto callable = trim_all(rules, budget);
  if (rules[root].is_empty())
    throw model_error("the grammar matches nothing");
  if (!callable[root])
    throw model_error("the grammar matches only the empty text");
  left_recursion{from, rules}.refuse_any();
  pushdown out;
  out.starts.resize(rules.size(), no_state);
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    out.starts[i] = rules[i].is_empty() ? no_state : count;
    count += static_cast<std::uint32_t>(rules[i].states.size());
  }
  for (std::size_t i = 0; i < rules.size(); ++i)
    for (auto& state : rules[i].states) {
      const bool is_start = &state == &rules[i].states.front();
      for (auto& edge : state.bytes)
        edge.target += out.starts[i];
      for (auto& edge : state.calls)
        edge.target += out.starts[i];
      out.states.push_back({std::move(state), is_start});
    }
  out.root = out.starts[root];
  return out;
}

} // namespace sluice::device
