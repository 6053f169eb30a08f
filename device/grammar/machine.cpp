// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/machine.hpp"

#include <algorithm>
#include <unordered_map>

namespace sluice::device {

namespace {

// Pairs of states of two machines, in the order in which they are found.
class product {
public:
  product(const machine& a, const machine& b, bool subtracts,
          work_budget& budget)
      : a_{a}, b_{b}, subtracts_{subtracts}, budget_{budget} {}

  machine make() {
    if (a_.is_empty())
      return {};
    number(0, b_.is_empty() ? no_state : 0);
    for (std::size_t i = 0; i < pairs_.size(); ++i)
      out_.states[i] = expand(pairs_[i].first, pairs_[i].second);
    return trim(out_, {});
  }

private:
  std::uint32_t number(std::uint32_t left, std::uint32_t right) {
    const auto key = std::uint64_t{left} << 32 | right;
    const auto [at, fresh] =
        ids_.try_emplace(key, static_cast<std::uint32_t>(pairs_.size()));
    if (fresh) {
      budget_.states(1);
      pairs_.emplace_back(left, right);
      out_.states.emplace_back();
    }
    return at->second;
  }

  machine_state expand(std::uint32_t left, std::uint32_t right) {
    static const machine_state dead;
    const auto& x = a_.states[left];
    const auto& y = right == no_state ? dead : b_.states[right];
    machine_state out;
    out.accepting = x.accepting && y.accepting != subtracts_;
    for (const auto& edge : x.bytes)
      cut(edge, y, out);
    return out;
  }

  // One edge of the left machine, cut where the right one's edges change.
  void cut(const byte_edge& edge, const machine_state& y, machine_state& out) {
    unsigned from = edge.low;
    const auto add = [&](unsigned to, std::uint32_t right) {
      if (from <= to && (subtracts_ || right != no_state))
        out.bytes.push_back({static_cast<std::uint8_t>(from),
                             static_cast<std::uint8_t>(to),
                             number(edge.target, right)});
      from = to + 1;
    };
    for (const auto& other : y.bytes) {
      budget_.steps(1);
      if (other.high < from || other.low > edge.high)
        continue;
      if (other.low > from)
        add(other.low - 1u, no_state);
      add(std::min(other.high, edge.high), other.target);
    }
    if (from <= edge.high)
      add(edge.high, no_state);
  }

  const machine& a_;
  const machine& b_;
  bool subtracts_;
  work_budget& budget_;
  std::unordered_map<std::uint64_t, std::uint32_t> ids_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs_;
  machine out_;
};

bool may_call(const std::vector<bool>& callable, std::uint32_t rule) {
  return rule < callable.size() && callable[rule];
}

// States from which an accepting one is reached.
std::vector<bool> find_useful(const machine& automaton,
                              const std::vector<bool>& callable) {
  const auto& states = automaton.states;
  std::vector<std::vector<std::uint32_t>> before(states.size());
  std::vector<std::uint32_t> open;
  std::vector<bool> useful(states.size());
  for (std::uint32_t i = 0; i < states.size(); ++i) {
    for (const auto& edge : states[i].bytes)
      before[edge.target].push_back(i);
    for (const auto& edge : states[i].calls)
      if (may_call(callable, edge.rule))
        before[edge.target].push_back(i);
    if (states[i].accepting) {
      useful[i] = true;
      open.push_back(i);
    }
  }
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    for (const auto i : before[at])
      if (!useful[i]) {
        useful[i] = true;
        open.push_back(i);
      }
  }
  return useful;
}

} // namespace

std::uint32_t machine_state::next(std::uint8_t byte) const noexcept {
  const auto at = std::upper_bound(
      bytes.begin(), bytes.end(), byte,
      [](std::uint8_t x, const byte_edge& edge) { return x < edge.low; });
  if (at == bytes.begin() || (at - 1)->high < byte)
    return no_state;
  return (at - 1)->target;
}

machine intersect(const machine& a, const machine& b, work_budget& budget) {
  return product{a, b, false, budget}.make();
}

machine subtract(const machine& a, const machine& b, work_budget& budget) {
  return product{a, b, true, budget}.make();
}

bool matches(const machine& automaton, std::string_view text) noexcept {
  if (automaton.is_empty())
    return false;
  std::uint32_t at = 0;
  for (const char c : text) {
    at = automaton.states[at].next(static_cast<std::uint8_t>(c));
    if (at == no_state)
      return false;
  }
  return automaton.states[at].accepting;
}

machine trim(const machine& automaton, const std::vector<bool>& callable) {
  const auto& states = automaton.states;
  const auto useful = find_useful(automaton, callable);
  if (states.empty() || !useful[0])
    return {};
  std::vector<std::uint32_t> number(states.size(), no_state);
  std::vector<std::uint32_t> kept{0};
  number[0] = 0;
  const auto reach = [&](std::uint32_t target) {
    if (number[target] == no_state) {
      number[target] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(target);
    }
    return number[target];
  };
  machine out;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const auto& from = states[kept[i]];
    machine_state to;
    to.accepting = from.accepting;
    for (const auto& edge : from.bytes)
      if (useful[edge.target])
        to.bytes.push_back({edge.low, edge.high, reach(edge.target)});
    for (const auto& edge : from.calls)
      if (useful[edge.target] && may_call(callable, edge.rule))
        to.calls.push_back({edge.rule, reach(edge.target)});
    out.states.push_back(std::move(to));
  }
  return out;
}

} // namespace sluice::device
