// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/place_set.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

// Few are compared one by one, many by a sorted copy made as they grow.
class seen_places {
public:
  bool insert(place one) {
    if (std::ranges::find(recent_, one) != recent_.end()
        || std::ranges::binary_search(sorted_, one))
      return false;
    recent_.push_back(one);
    if (recent_.size() == 32) {
      sorted_.insert(sorted_.end(), recent_.begin(), recent_.end());
      recent_.clear();
      std::ranges::sort(sorted_);
    }
    return true;
  }
  std::size_t size() const { return sorted_.size() + recent_.size(); }

private:
  std::vector<place> sorted_;
  std::vector<place> recent_;
};

} // namespace

open_places open(const pushdown& rules, stack_pool& stacks,
                 const std::vector<place>& places) {
  open_places out;
  seen_places seen;
  std::vector<place> todo;
  const auto add = [&](std::uint32_t state, stack_id stack) {
    if (seen.size() < most_places && seen.insert({state, stack}))
      todo.push_back({state, stack});
  };
  for (const auto& one : places)
    add(one.state, one.stack);
  while (!todo.empty()) {
    const auto at = todo.back();
    todo.pop_back();
    const auto& state = rules.states[at.state];
    if (!state.moves.bytes.empty())
      out.places.push_back(at);
    if (state.returns()) {
      if (at.stack == stack_bottom)
        out.leaves = true;
      else
        add(stacks.top(at.stack), stacks.below(at.stack));
    }
    for (const auto& call : state.moves.calls) {
      if (rules.states[call.target].only_returns())
        add(rules.starts[call.rule], at.stack);
      else if (stacks.depth(at.stack) < deepest_stack)
        add(rules.starts[call.rule], stacks.push(at.stack, call.target));
    }
  }
  std::ranges::sort(out.places);
  return out;
}

std::vector<place> step(const pushdown& rules, const std::vector<place>& opened,
                        std::uint8_t byte) {
  std::vector<place> out;
  for (const auto& at : opened) {
    const auto target = rules.states[at.state].moves.next(byte);
    if (target != no_state)
      out.push_back({target, at.stack});
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

} // namespace sluice::device
