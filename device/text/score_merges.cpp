// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/merges.hpp"
#include "device/text/utf8.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

bool later(const score_workspace::candidate& a,
           const score_workspace::candidate& b) noexcept {
  return a.score != b.score ? a.score < b.score : a.left > b.left;
}

/// One merge of a text; the workspace holds its symbols and queue.
class score_merger {
public:
  score_merger(const vocabulary& words, std::string_view text,
               score_workspace& space)
      : words_(words), text_(text), space_(space) {
    space_.symbols.clear();
    space_.heap.clear();
    std::int32_t index = 0;
    for (std::size_t at = 0; at < text.size(); ++index) {
      // Each invalid byte is a symbol of its own: it becomes a byte token.
      const auto unit = read_utf8(text.substr(at));
      const auto size = unit.state == utf8_state::valid ? unit.length : 1;
      space_.symbols.push_back({static_cast<std::uint32_t>(at),
                                static_cast<std::uint32_t>(size), index - 1,
                                at + size < text.size() ? index + 1 : -1});
      at += size;
    }
    for (std::int32_t i = 0; i + 1 < index; ++i)
      push(i, i + 1);
  }

  void run() {
    while (!space_.heap.empty()) {
      std::pop_heap(space_.heap.begin(), space_.heap.end(), later);
      const auto best = space_.heap.back();
      space_.heap.pop_back();
      auto& left = symbol(best.left);
      auto& right = symbol(best.right);
      if (left.size == 0 || right.size == 0
          || left.size + right.size != best.size)
        continue;
      left.size += right.size;
      right.size = 0;
      left.next = right.next;
      if (left.next >= 0)
        symbol(left.next).previous = best.left;
      push(left.previous, best.left);
      push(best.left, left.next);
    }
  }

  std::string_view text_of(const score_workspace::symbol& part) const {
    return text_.substr(part.begin, part.size);
  }

private:
  score_workspace::symbol& symbol(std::int32_t index) {
    return space_.symbols[static_cast<std::size_t>(index)];
  }

  void push(std::int32_t left, std::int32_t right) {
    if (left < 0 || right < 0)
      return;
    const auto size = symbol(left).size + symbol(right).size;
    if (size > words_.longest_word())
      return;
    const auto id = words_.find_word(text_.substr(symbol(left).begin, size));
    if (id < 0)
      return;
    space_.heap.push_back(
        {words_.score(static_cast<std::size_t>(id)), left, right, size});
    std::push_heap(space_.heap.begin(), space_.heap.end(), later);
  }

  const vocabulary& words_;
  std::string_view text_;
  score_workspace& space_;
};

} // namespace

void merge_by_score(const vocabulary& words, std::string_view text,
                    std::int32_t unknown, std::vector<std::int32_t>& out,
                    score_workspace& space) {
  score_merger merger(words, text, space);
  merger.run();
  for (const auto& part : space.symbols) {
    if (part.size == 0)
      continue;
    const auto token = merger.text_of(part);
    if (const auto id = words.find_word(token); id >= 0) {
      out.push_back(id);
      continue;
    }
    if (words.byte_token(static_cast<unsigned char>(token[0])) < 0) {
      if (unknown >= 0)
        out.push_back(unknown);
      continue;
    }
    for (const char byte : token)
      if (const auto id = words.byte_token(static_cast<unsigned char>(byte));
          id >= 0)
        out.push_back(id);
  }
}

} // namespace sluice::device
