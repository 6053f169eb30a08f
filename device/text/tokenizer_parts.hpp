// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a tokenizer consists of; the loaders for GGUF and tokenizer.json fill
// it, tokenizer.cpp runs it. Private to device/text.
#pragma once

#include "device/text/added_tokens.hpp"
#include "device/text/join_filter.hpp"
#include "device/text/merges.hpp"
#include "device/text/normalizer.hpp"
#include "device/text/pretokenizer.hpp"
#include "device/text/vocabulary.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

class gguf_file;

/// How a word becomes tokens.
enum class word_model : std::uint8_t {
  byte_pairs,      ///< bytes, merged by rank
  character_pairs, ///< characters, merged by rank; byte tokens where unknown
  scores           ///< sentencepiece: characters, merged by score
};

struct tokenizer_parts {
  vocabulary words;
  merge_table merges;
  std::uint32_t merge_count = 0; ///< rules read so far: the next one's rank
  join_filter joins;             ///< of models without byte pairs
  word_model model = word_model::byte_pairs;
  bool ignore_merges = false; ///< a word that is a token is not merged
  bool byte_fallback = false; ///< of character_pairs
  bool fuse_unknown = false;  ///< a run of unknown characters is one token
  std::int32_t unknown = -1;

  added_tokens raw;        ///< found before normalizing
  added_tokens normalized; ///< found after
  normalizer rewrite;      ///< before the normalized added tokens are sought
  normalizer prepare;      ///< of each plain part, before it is cut into words
  pretokenizer splits;

  std::vector<std::int32_t> prefix; ///< what add_special puts before
  std::vector<std::int32_t> suffix; ///< and after
  std::optional<std::int32_t> bos;
  std::optional<std::int32_t> eos;
  bool drops_leading_space = false; ///< of a decoded stream
  std::string chat_template;

  /// Memory of one encode call.
  struct workspace {
    pretokenizer::workspace split;
    merge_table::workspace merge;
    score_workspace score;
    std::vector<text_part> parts;
    std::vector<text_part> inner;
    std::string text;
    std::string word;
  };

  void encode_plain(std::string_view text, bool first, bool parse_special,
                    workspace& space, std::vector<std::int32_t>& out) const;
  void encode_words(std::string& text, bool first, workspace& space,
                    std::vector<std::int32_t>& out) const;
  void encode_word(std::string_view word, workspace& space,
                   std::vector<std::int32_t>& out) const;
  void encode_piece(std::string_view piece, std::size_t word_begin,
                    workspace& space, std::vector<std::int32_t>& out) const;
  void push_bytes(std::string_view word, std::vector<std::int32_t>& out) const;
  void push_characters(std::string_view piece, std::size_t word_begin,
                       std::vector<std::int32_t>& out) const;

  bool special(std::int32_t id) const noexcept;
  bool in_range(std::int32_t id) const noexcept {
    return id >= 0 && static_cast<std::size_t>(id) < words.size();
  }

  /// Adds the rule that joins `left` and `right`, as the vocabulary spells
  /// them. Throws model_error naming the merge when a part or the whole is no
  /// token.
  void add_merge(std::string_view left, std::string_view right);
  /// Registers id as an added token where its kind asks for it.
  void add_by_kind(std::int32_t id);
};

/// From GGUF metadata. `vocabulary`: rows of the model's embedding, 0 if not
/// known; a different number of tokens is a model_error.
tokenizer_parts read_gguf_tokenizer(const gguf_file& file,
                                    std::size_t vocabulary);
/// From tokenizer.json, or vocab.json and merges.txt. Added tokens that the
/// embedding has no row for are left out; others are a model_error.
tokenizer_parts read_folder_tokenizer(const std::filesystem::path& folder,
                                      std::size_t vocabulary);

} // namespace sluice::device
