// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The two merge loops of BPE: by rank of a pair (byte-level and character BPE)
// and by score of the merged text (sentencepiece). Both run in O(n log n) of a
// word's symbols. Used by the tokenizer; knows no text format.
#pragma once

#include "device/text/vocabulary.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::device {

/// Merge rules: a pair of ids, its rank (lower merges first) and the id that
/// it becomes.
class merge_table {
public:
  static constexpr std::uint32_t never = 0xFFFFFFFFu;
  struct rule {
    std::uint32_t rank = never;
    std::int32_t result = -1;
  };

  void reserve(std::size_t rules);
  /// The first rule for a pair stays.
  void add(std::int32_t left, std::int32_t right, rule merged);
  rule find(std::int32_t left, std::int32_t right) const noexcept;

  /// Memory of one call, kept for the next.
  struct workspace {
    struct link {
      std::int32_t id;
      std::int32_t previous; ///< index, -1 at the start
      std::int32_t next;     ///< index, -1 at the end
    };
    struct candidate {
      std::uint32_t rank;
      std::int32_t left; ///< index of the left symbol
      std::int32_t left_id;
      std::int32_t right_id;
    };
    std::vector<link> links;
    std::vector<candidate> heap;
    std::vector<rule> rules;
  };

  /// Merges the symbols from index `begin` to the end of `ids`, in place: the
  /// lowest rank first, the leftmost of equals.
  void merge(std::vector<std::int32_t>& ids, std::size_t begin,
             workspace& space) const;

private:
  struct slot {
    std::uint64_t pair = 0;
    rule merged; ///< rank `never`: free
  };
  void merge_short(std::vector<std::int32_t>& ids, std::size_t begin,
                   workspace& space) const;
  void merge_long(std::vector<std::int32_t>& ids, std::size_t begin,
                  workspace& space) const;
  void push(workspace& space, std::int32_t left) const;

  std::vector<slot> slots_; ///< a power of two, at most half full
  std::size_t used_ = 0;
};

/// Memory of sentencepiece merging, kept between calls.
struct score_workspace {
  struct symbol {
    std::uint32_t begin; ///< byte of the text
    std::uint32_t size;  ///< bytes; 0 once merged into its left neighbour
    std::int32_t previous;
    std::int32_t next;
  };
  struct candidate {
    float score;
    std::int32_t left;
    std::int32_t right;
    std::uint32_t size; ///< bytes of both when queued
  };
  std::vector<symbol> symbols;
  std::vector<candidate> heap;
};

/// Sentencepiece's BPE over spelled text: the merge with the highest score
/// first, the leftmost of equals. What is no token becomes byte tokens, or
/// `unknown` (dropped when that is -1). `text` is below 2 GiB.
void merge_by_score(const vocabulary& words, std::string_view text,
                    std::int32_t unknown, std::vector<std::int32_t>& out,
                    score_workspace& space);

} // namespace sluice::device
