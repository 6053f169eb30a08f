// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/compiled_grammar.hpp"

#include "device/grammar/state_classes.hpp"

#include <array>
#include <mutex>
#include <unordered_set>

namespace sluice::device {

namespace {

constexpr std::size_t most_kept_bytes = std::size_t{32} << 20;
constexpr std::uint64_t warm_up_nodes = 2'000'000; // about 20 ms
constexpr std::array<std::uint32_t, 1> root_only{0};

std::size_t bytes_of(const pushdown& rules) {
  std::size_t sum = 0;
  for (const auto& state : rules.states)
    sum += sizeof state + state.moves.bytes.size() * sizeof(byte_edge)
           + state.moves.calls.size() * sizeof(call_edge);
  return sum;
}

} // namespace

compiled_grammar::compiled_grammar(pushdown rules,
                                   std::shared_ptr<const token_trie> trie,
                                   work_budget& budget)
    : rules_{std::move(rules)}, trie_{std::move(trie)}, alphabet_{rules_},
      classes_{classify(rules_, trie_->longest(), budget)},
      fixed_bytes_{bytes_of(rules_)} {
  lists_.emplace(std::vector<std::uint32_t>{0}, root_list);
  warm_up();
}

// Every state in which a token may begin, as long as that is quick.
void compiled_grammar::warm_up() {
  std::unordered_set<std::uint32_t> done;
  const auto warm = [&](std::uint32_t state) {
    if (visited_ < warm_up_nodes && done.insert(classes_[state]).second)
      tokens_in(state);
  };
  warm(rules_.root);
  for (const auto& state : rules_.states)
    for (const auto& edge : state.moves.bytes)
      warm(edge.target);
}

std::size_t compiled_grammar::bytes() const {
  const std::shared_lock held{lock_};
  return fixed_bytes_ + kept_bytes_;
}

std::shared_ptr<const frame_tokens>
compiled_grammar::tokens_in(std::uint32_t state) const {
  return find(state, root_only, root_list);
}

std::shared_ptr<const frame_tokens>
compiled_grammar::tokens_after(const frame_tokens& above,
                               std::uint32_t state) const {
  return find(state, above.leaves, above.leaves_id);
}

std::shared_ptr<const frame_tokens>
compiled_grammar::find(std::uint32_t state,
                       std::span<const std::uint32_t> nodes,
                       std::uint32_t list) const {
  const auto key = std::uint64_t{classes_[state]} << 32 | list;
  if (list != unnamed_list) {
    const std::shared_lock held{lock_};
    if (const auto at = known_.find(key); at != known_.end())
      return at->second;
  }
  // Two threads may walk the same frame; both find the same.
  std::uint64_t visited = 0;
  auto made = std::make_shared<frame_tokens>(
      walk_frame(rules_, alphabet_, *trie_, state, nodes, visited));
  const std::unique_lock held{lock_};
  visited_ += visited;
  const auto size = made->bytes();
  if (const auto at = lists_.find(made->leaves); at != lists_.end()) {
    made->leaves_id = at->second;
  } else if (kept_bytes_ + size > most_kept_bytes) {
    made->leaves_id = unnamed_list;
  } else {
    made->leaves_id = static_cast<std::uint32_t>(lists_.size());
    lists_.emplace(made->leaves, made->leaves_id);
    kept_bytes_ += made->leaves.size() * sizeof(std::uint32_t);
  }
  if (list != unnamed_list && kept_bytes_ + size <= most_kept_bytes
      && known_.try_emplace(key, made).second)
    kept_bytes_ += size;
  return made;
}

} // namespace sluice::device
