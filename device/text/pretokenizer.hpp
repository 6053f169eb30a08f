// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Cuts text into the words that are tokenized one by one: a sequence of splits
// by pattern, as tokenizer.json's pre_tokenizer or GGUF's tokenizer.ggml.pre
// describe it. Used by the tokenizer. Knows no vocabulary.
#pragma once

#include "device/text/regex.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// What becomes of a match, in the terms of Hugging Face's tokenizers.
enum class split_behavior : std::uint8_t {
  isolated,
  removed,
  merged_with_previous,
  merged_with_next,
  contiguous,
};

class pretokenizer {
public:
  /// Each word is cut further by every later split. With `invert`, what lies
  /// between matches is treated as the match.
  void add_split(regex pattern,
                 split_behavior behavior = split_behavior::isolated,
                 bool invert = false);
  /// Later splits see the text spelled in the byte alphabet.
  void add_byte_spelling();

  /// Whether words come out spelled in the byte alphabet.
  bool spells() const noexcept { return spells_; }
  bool empty() const noexcept { return steps_.empty(); }

  /// Memory of one call, kept for the next.
  struct workspace {
    match_space matches;
    std::string spelled;
    std::vector<match_range> words; ///< the result: bytes of `text`
    std::vector<match_range> next;
  };

  /// Cuts `text`, which may be rewritten (see spells), into space.words.
  /// Invalid UTF-8 is never lost: a run of invalid bytes is a word.
  void split(std::string& text, workspace& space) const;

private:
  struct step {
    std::optional<regex> pattern; ///< empty: spell
    split_behavior behavior = split_behavior::isolated;
    bool invert = false;
  };
  std::vector<step> steps_;
  bool spells_ = false;
};

/// The pretokenizer that GGUF's tokenizer.ggml.pre names, and what else the
/// name stands for.
struct named_pretokenizer {
  pretokenizer splits;
  bool ignore_merges = false; ///< a word that is a token is not merged
  bool add_bos = false;       ///< unless the file says otherwise
};

/// Throws model_error listing the known names. An empty name means "default",
/// which is what such old files were tokenized with.
named_pretokenizer find_pretokenizer(std::string_view name);

} // namespace sluice::device
