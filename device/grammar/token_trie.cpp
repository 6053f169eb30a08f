// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/token_trie.hpp"

#include "device/text/tokenizer.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

constexpr std::size_t longest_piece = 0xFFFF; // bytes that `depth` can count

std::vector<std::string> pieces_of(const tokenizer& vocabulary) {
  std::vector<std::string> out(vocabulary.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = vocabulary.piece(static_cast<std::int32_t>(i));
  return out;
}

} // namespace

token_trie::token_trie(std::vector<std::string> pieces)
    : pieces_{std::move(pieces)} {
  build();
}

token_trie::token_trie(const tokenizer& vocabulary)
    : token_trie{pieces_of(vocabulary)} {}

void token_trie::build() {
  for (std::size_t i = 0; i < pieces_.size(); ++i)
    if (!pieces_[i].empty() && pieces_[i].size() <= longest_piece)
      tokens_.push_back(static_cast<std::int32_t>(i));
  std::ranges::stable_sort(tokens_, {}, [this](std::int32_t id) {
    return std::string_view{pieces_[static_cast<std::size_t>(id)]};
  });
  nodes_.push_back({});
  std::vector<std::uint32_t> path{0}; // nodes from the root to the last token
  std::string_view last;
  const auto close = [&](std::size_t depth) {
    for (; path.size() > depth + 1; path.pop_back())
      nodes_[path.back()].end = static_cast<std::uint32_t>(nodes_.size());
  };
  for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
    const auto text = piece(tokens_[i]);
    const auto same = std::ranges::mismatch(last, text).in1 - last.begin();
    close(static_cast<std::size_t>(same));
    for (auto depth = static_cast<std::size_t>(same); depth < text.size();
         ++depth) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back({0, i, static_cast<std::uint16_t>(depth + 1),
                        static_cast<std::uint8_t>(text[depth])});
    }
    longest_ = std::max(longest_, static_cast<std::uint32_t>(text.size()));
    last = text;
  }
  close(0);
  nodes_.front().end = static_cast<std::uint32_t>(nodes_.size());
  // Inner nodes begin with the token of the first leaf below, which is right
  // for what begins there; the sentinel closes the last node.
  nodes_.push_back({0, static_cast<std::uint32_t>(tokens_.size()), 0, 0});
}

} // namespace sluice::device
