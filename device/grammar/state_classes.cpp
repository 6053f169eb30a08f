// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/state_classes.hpp"

#include <algorithm>
#include <map>

namespace sluice::device {

namespace {

// Partition refinement, one round per byte. Only states whose successors
// changed class in the round before are looked at again.
class refinement {
public:
  refinement(const pushdown& rules, work_budget& budget)
      : rules_{rules}, budget_{budget}, classes_(rules.states.size()),
        before_(rules.states.size()) {
    for (std::uint32_t i = 0; i < classes_.size(); ++i) {
      const auto& state = rules.states[i];
      classes_[i] = state.moves.accepting * 2u + state.is_start;
      dirty_.push_back(i);
      for (const auto& edge : state.moves.bytes)
        before_[edge.target].push_back(i);
      for (const auto& edge : state.moves.calls)
        before_[edge.target].push_back(i);
    }
    sizes_.resize(4);
    for (const auto one : classes_)
      ++sizes_[one];
  }

  std::vector<std::uint32_t> run(std::uint32_t rounds) {
    for (; rounds > 0 && !dirty_.empty(); --rounds)
      split();
    return std::move(classes_);
  }

private:
  // What a state does, as far as the classes of now tell.
  std::vector<std::uint32_t> signature(std::uint32_t at) const {
    const auto& moves = rules_.states[at].moves;
    std::vector<std::uint32_t> out{classes_[at]};
    for (const auto& edge : moves.bytes) {
      const auto target = classes_[edge.target];
      // Neighbouring ranges with one target are one range.
      if (out.size() > 1 && out.back() == target
          && out[out.size() - 2] % 256 + 1 == edge.low) {
        out[out.size() - 2] += edge.high - out[out.size() - 2] % 256;
        continue;
      }
      out.push_back(edge.low * 256u + edge.high);
      out.push_back(target);
    }
    out.push_back(no_state);
    for (const auto& edge : moves.calls) {
      out.push_back(edge.rule);
      out.push_back(classes_[edge.target]);
    }
    return out;
  }

  void split() {
    std::map<std::vector<std::uint32_t>, std::vector<std::uint32_t>> groups;
    for (const auto at : dirty_) {
      auto key = signature(at);
      budget_.steps(key.size());
      groups[std::move(key)].push_back(at);
    }
    std::vector<std::uint32_t> changed;
    // Groups of one class stand together: the key begins with the class.
    for (auto from = groups.begin(); from != groups.end();) {
      const auto old = from->first.front();
      auto to = from;
      std::size_t members = 0;
      auto largest = from;
      for (; to != groups.end() && to->first.front() == old; ++to) {
        members += to->second.size();
        if (to->second.size() > largest->second.size())
          largest = to;
      }
      const bool whole = members == sizes_[old];
      for (; from != to; ++from)
        if (!whole || from != largest)
          move(old, from->second, changed);
    }
    dirty_.clear();
    for (const auto at : changed)
      for (const auto one : before_[at])
        dirty_.push_back(one);
    std::ranges::sort(dirty_);
    dirty_.erase(std::unique(dirty_.begin(), dirty_.end()), dirty_.end());
    budget_.steps(dirty_.size());
  }

  void move(std::uint32_t old, const std::vector<std::uint32_t>& group,
            std::vector<std::uint32_t>& changed) {
    const auto fresh = static_cast<std::uint32_t>(sizes_.size());
    sizes_.push_back(group.size());
    sizes_[old] -= group.size();
    for (const auto at : group) {
      classes_[at] = fresh;
      changed.push_back(at);
    }
  }

  const pushdown& rules_;
  work_budget& budget_;
  std::vector<std::uint32_t> classes_;
  std::vector<std::vector<std::uint32_t>> before_;
  std::vector<std::uint32_t> dirty_;
  std::vector<std::size_t> sizes_;
};

} // namespace

std::vector<std::uint32_t> classify(const pushdown& rules, std::uint32_t steps,
                                    work_budget& budget) {
  return refinement{rules, budget}.run(steps);
}

} // namespace sluice::device
