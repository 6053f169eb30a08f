// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A grammar bound to a vocabulary. Immutable to its users and thread-safe: one
// serves all requests with the same source. It keeps which tokens each class
// of states allows, found on first use and bounded in memory; compiling finds
// the first ones ahead. See grammar_state for a document's own state.
#pragma once

#include "device/grammar/frame_walk.hpp"
#include "device/grammar/grammar_source.hpp"
#include "device/grammar/pushdown.hpp"
#include "device/grammar/token_trie.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace sluice::device {

class compiled_grammar {
public:
  /// Throws model_error when the budget is spent.
  compiled_grammar(pushdown rules, std::shared_ptr<const token_trie> trie,
                   work_budget& budget);

  const pushdown& rules() const noexcept { return rules_; }
  const token_trie& trie() const noexcept { return *trie_; }
  /// Bytes of what is kept, about.
  std::size_t bytes() const;

  /// What tokens do in a frame that is in `state`.
  std::shared_ptr<const frame_tokens> tokens_in(std::uint32_t state) const;
  /// The same for tokens whose first bytes the frame above has taken.
  std::shared_ptr<const frame_tokens> tokens_after(const frame_tokens& above,
                                                   std::uint32_t state) const;

private:
  /// Names of lists of trie nodes: the root alone, and lists that found no
  /// room.
  static constexpr std::uint32_t root_list = 0;
  static constexpr std::uint32_t unnamed_list = no_state;

  std::shared_ptr<const frame_tokens> find(std::uint32_t state,
                                           std::span<const std::uint32_t> nodes,
                                           std::uint32_t list) const;
  void warm_up();

  pushdown rules_;
  std::shared_ptr<const token_trie> trie_;
  byte_classes alphabet_;
  std::vector<std::uint32_t> classes_; // [states]
  std::size_t fixed_bytes_ = 0;

  mutable std::shared_mutex lock_;
  /// By class of the state and list of nodes.
  mutable std::unordered_map<std::uint64_t, std::shared_ptr<const frame_tokens>>
      known_;
  mutable std::map<std::vector<std::uint32_t>, std::uint32_t> lists_;
  mutable std::size_t kept_bytes_ = 0;
  mutable std::uint64_t visited_ = 0; // trie nodes, while warming up
};

} // namespace sluice::device
