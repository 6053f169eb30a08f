// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A vocabulary as a tree of bytes, so that all tokens are compared with a
// grammar in one walk. Made once per model, then shared. Tokens without bytes
// (special ones) are not in it: they never match content.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

class tokenizer;

/// A node of the tree; nodes lie in preorder.
struct trie_node {
  std::uint32_t end = 0;         ///< the node after its last descendant
  std::uint32_t first_token = 0; ///< in the order of token_trie::tokens
  std::uint16_t depth = 0;       ///< bytes, 0 for the root
  std::uint8_t byte = 0;         ///< that leads here
};

class token_trie {
public:
  /// Bytes of each token id; empty: no content.
  explicit token_trie(std::vector<std::string> pieces);
  explicit token_trie(const tokenizer& vocabulary);

  std::size_t vocabulary() const noexcept { return pieces_.size(); }
  std::string_view piece(std::int32_t id) const {
    return pieces_[static_cast<std::size_t>(id)];
  }
  /// Longest token, in bytes.
  std::uint32_t longest() const noexcept { return longest_; }

  /// Preorder, [0] the root; one node more at the end.
  std::span<const trie_node> nodes() const noexcept { return nodes_; }
  /// Tokens that end in node `at`.
  std::span<const std::int32_t> tokens(std::uint32_t at) const {
    return std::span{tokens_}.subspan(nodes_[at].first_token,
                                      nodes_[at + 1].first_token
                                          - nodes_[at].first_token);
  }

private:
  void build();

  std::vector<std::string> pieces_; // [vocabulary]
  std::vector<trie_node> nodes_;
  std::vector<std::int32_t> tokens_; // by bytes
  std::uint32_t longest_ = 0;
};

} // namespace sluice::device
