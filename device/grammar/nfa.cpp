// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/nfa.hpp"

#include <algorithm>
#include <map>

namespace sluice::device {

// A member of a subset is a state and whether an end was passed.
class subset_construction {
public:
  subset_construction(const nfa& from, nfa::state accept)
      : from_{from}, accept_{accept}, seen_(from.states_.size() * 2, 0) {}

  machine make(nfa::state start) {
    number(close({start * 2}, true));
    for (std::size_t i = 0; i < subsets_.size(); ++i)
      out_.states[i] = expand(*subsets_[i]);
    return std::move(out_);
  }

private:
  using subset = std::vector<std::uint32_t>;
  struct piece {
    std::uint32_t low;
    std::uint32_t high;
    std::uint32_t member;
  };

  subset close(subset members, bool at_start) {
    ++stamp_;
    subset out;
    for (const auto m : members)
      seen_[m] = stamp_;
    while (!members.empty()) {
      const auto m = members.back();
      members.pop_back();
      out.push_back(m);
      const auto& moves = from_.states_[m / 2];
      from_.budget_->steps(1 + moves.jumps.size());
      const auto add = [&](std::uint32_t next) {
        if (seen_[next] != stamp_) {
          seen_[next] = stamp_;
          members.push_back(next);
        }
      };
      for (const auto to : moves.jumps)
        add(to * 2 + m % 2);
      for (const auto to : moves.ends)
        add(to * 2 + 1);
      if (at_start)
        for (const auto to : moves.begins)
          add(to * 2 + m % 2);
    }
    std::ranges::sort(out);
    return out;
  }

  std::uint32_t number(subset members) {
    const auto [at, fresh] = ids_.try_emplace(
        std::move(members), static_cast<std::uint32_t>(subsets_.size()));
    if (fresh) {
      from_.budget_->states(1);
      subsets_.push_back(&at->first);
      out_.states.emplace_back();
    }
    return at->second;
  }

  machine_state expand(const subset& members) {
    machine_state out;
    std::vector<piece> pieces;
    std::map<std::uint32_t, subset> calls;
    for (const auto m : members) {
      out.accepting |= m / 2 == accept_;
      if (m % 2 == 1)
        continue; // past the end
      const auto& moves = from_.states_[m / 2];
      for (const auto& move : moves.bytes)
        pieces.push_back({move.low, move.high, move.to * 2});
      for (const auto& call : moves.calls)
        calls[call.rule].push_back(call.target * 2);
    }
    add_bytes(std::move(pieces), out);
    for (auto& [rule, targets] : calls)
      out.calls.push_back({rule, number(close(unique(targets), false))});
    return out;
  }

  static subset unique(subset members) {
    std::ranges::sort(members);
    members.erase(std::unique(members.begin(), members.end()), members.end());
    return members;
  }

  // Overlapping ranges become disjoint ones, each with the subset it leads to.
  void add_bytes(std::vector<piece> pieces, machine_state& out) {
    std::vector<std::uint32_t> cuts;
    for (const auto& p : pieces) {
      cuts.push_back(p.low);
      cuts.push_back(p.high + 1);
    }
    cuts = unique(std::move(cuts));
    std::ranges::sort(pieces, {}, &piece::low);
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      subset targets;
      for (const auto& p : pieces) {
        if (p.low > cuts[i])
          break;
        if (p.high >= cuts[i])
          targets.push_back(p.member);
      }
      from_.budget_->steps(pieces.size());
      if (targets.empty())
        continue;
      const auto target = number(close(unique(std::move(targets)), false));
      const auto low = static_cast<std::uint8_t>(cuts[i]);
      const auto high = static_cast<std::uint8_t>(cuts[i + 1] - 1);
      auto& edges = out.bytes;
      if (!edges.empty() && edges.back().target == target
          && edges.back().high + 1 == low)
        edges.back().high = high;
      else
        edges.push_back({low, high, target});
    }
  }

  const nfa& from_;
  nfa::state accept_;
  std::vector<std::uint32_t> seen_; // [states * 2], stamp of the last visit
  std::uint32_t stamp_ = 0;
  std::map<subset, std::uint32_t> ids_;
  std::vector<const subset*> subsets_;
  machine out_;
};

nfa::state nfa::add_state() {
  budget_->steps(50); // what its memory is worth
  states_.emplace_back();
  return static_cast<state>(states_.size() - 1);
}

void nfa::add_jump(state from, state to) {
  states_[from].jumps.push_back(to);
}

void nfa::add_bytes(state from, std::uint8_t low, std::uint8_t high, state to) {
  states_[from].bytes.push_back({low, high, to});
}

void nfa::add_call(state from, std::uint32_t rule, state to) {
  states_[from].calls.push_back({rule, to});
}

void nfa::add_begin(state from, state to) {
  states_[from].begins.push_back(to);
}

void nfa::add_end(state from, state to) {
  states_[from].ends.push_back(to);
}

machine nfa::determinize(state start, state accept) const {
  return subset_construction{*this, accept}.make(start);
}

} // namespace sluice::device
