// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/frame_walk.hpp"

#include "device/grammar/place_set.hpp"

#include <algorithm>
#include <bitset>
#include <map>

namespace sluice::device {

namespace {

// The sets of places that occur in a walk, with the steps between them: a
// deterministic automaton that is made as far as it is needed.
class place_automaton {
public:
  static constexpr std::uint32_t dead = 0;

  place_automaton(const pushdown& rules, const byte_classes& alphabet)
      : rules_{rules}, alphabet_{alphabet} {
    sets_.emplace_back(); // dead
    next_.resize(alphabet.count, dead);
  }

  std::uint32_t begin(std::uint32_t state) {
    return number({{state, stack_bottom}});
  }
  bool leaves(std::uint32_t set) const { return sets_[set].leaves; }
  bool goes_on(std::uint32_t set) const { return !sets_[set].places.empty(); }

  std::uint32_t next(std::uint32_t set, std::uint8_t byte) {
    const auto at = set * alphabet_.count + alphabet_.of[byte];
    if (next_[at] == unknown) {
      auto reached = step(rules_, sets_[set].places, byte);
      next_[at] = reached.empty() ? dead : number(std::move(reached));
    }
    return next_[at];
  }

private:
  static constexpr std::uint32_t unknown = no_state;

  std::uint32_t number(std::vector<place> reached) {
    const auto [at, fresh] = ids_.try_emplace(
        std::move(reached), static_cast<std::uint32_t>(sets_.size()));
    if (fresh) {
      sets_.push_back(open(rules_, stacks_, at->first));
      next_.resize(next_.size() + alphabet_.count, unknown);
    }
    return at->second;
  }

  const pushdown& rules_;
  const byte_classes& alphabet_;
  stack_pool stacks_;
  std::map<std::vector<place>, std::uint32_t> ids_;
  std::vector<open_places> sets_;
  std::vector<std::uint32_t> next_; // [sets, classes of bytes]
};

class walk {
public:
  walk(const pushdown& rules, const byte_classes& alphabet,
       const token_trie& trie, std::uint32_t state)
      : automaton_{rules, alphabet}, trie_{trie}, first_{automaton_.begin(
                                                      state)},
        path_(trie.longest() + 1) {
    out_.bits.resize((trie.vocabulary() + 63) / 64);
  }

  // All tokens below `from`, in preorder.
  void below(std::uint32_t from) {
    const auto nodes = trie_.nodes();
    if (automaton_.leaves(first_))
      out_.leaves.push_back(from);
    const auto base = nodes[from].depth;
    path_[0] = first_;
    for (auto at = from + 1; at < nodes[from].end;) {
      ++visited;
      const auto& node = nodes[at];
      const auto depth = static_cast<std::size_t>(node.depth - base);
      const auto set = automaton_.next(path_[depth - 1], node.byte);
      if (set == place_automaton::dead) {
        at = node.end;
        continue;
      }
      allow(at);
      const bool has_children = node.end > at + 1;
      if (has_children && automaton_.leaves(set))
        out_.leaves.push_back(at);
      path_[depth] = set;
      at = automaton_.goes_on(set) ? at + 1 : node.end;
    }
  }

  frame_tokens finish() {
    auto& leaves = out_.leaves;
    std::ranges::sort(leaves);
    leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    // Sparse where that takes less memory.
    if (out_.tokens.size() * 2 >= out_.bits.size())
      out_.tokens.clear();
    else
      out_.bits.clear();
    out_.tokens.shrink_to_fit();
    out_.bits.shrink_to_fit();
    return std::move(out_);
  }

  std::uint64_t visited = 0;

private:
  void allow(std::uint32_t at) {
    for (const auto id : trie_.tokens(at)) {
      const auto index = static_cast<std::size_t>(id);
      auto& word = out_.bits[index / 64];
      const auto bit = std::uint64_t{1} << (index % 64);
      if ((word & bit) == 0)
        out_.tokens.push_back(id);
      word |= bit;
    }
  }

  place_automaton automaton_;
  const token_trie& trie_;
  std::uint32_t first_;
  std::vector<std::uint32_t> path_; // set by depth
  frame_tokens out_;
};

} // namespace

byte_classes::byte_classes(const pushdown& rules) {
  std::bitset<257> cuts;
  for (const auto& state : rules.states)
    for (const auto& edge : state.moves.bytes) {
      cuts.set(edge.low);
      cuts.set(edge.high + 1u);
    }
  std::uint8_t number = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (byte > 0 && cuts.test(byte))
      ++number;
    of[byte] = number;
  }
  count = number + std::size_t{1};
}

std::size_t frame_tokens::bytes() const noexcept {
  return sizeof(frame_tokens) + bits.capacity() * sizeof(std::uint64_t)
         + tokens.capacity() * sizeof(std::int32_t)
         + leaves.capacity() * sizeof(std::uint32_t);
}

frame_tokens walk_frame(const pushdown& rules, const byte_classes& alphabet,
                        const token_trie& trie, std::uint32_t state,
                        std::span<const std::uint32_t> from,
                        std::uint64_t& visited) {
  walk tokens{rules, alphabet, trie, state};
  for (const auto node : from)
    tokens.below(node);
  visited += tokens.visited;
  return tokens.finish();
}

} // namespace sluice::device
