// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Finds added tokens ("<|end|>") in text before anything else is done to it.
// Leftmost match first, longest of those, as Hugging Face's tokenizers do it.
// Used by the tokenizer, once for raw and once for normalized text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::device {

/// One added token and how it matches.
struct added_token {
  std::int32_t id = -1;
  bool special = false;     ///< left as text unless special tokens are parsed
  bool single_word = false; ///< only between characters that are no letters
  bool lstrip = false;      ///< takes the white space before it along
  bool rstrip = false;      ///< takes the white space after it along
};

/// A stretch of text: plain, or one added token.
struct text_part {
  std::string_view text;
  std::int32_t id = -1; ///< -1: plain text
};

class added_tokens {
public:
  /// The last of two tokens with the same text wins. Empty texts never match.
  void add(std::string_view text, added_token token);
  bool empty() const noexcept { return tokens_.empty(); }

  /// Appends the parts of `text`, none of them empty.
  void split(std::string_view text, bool parse_special,
             std::vector<text_part>& out) const;

private:
  struct match {
    std::size_t begin;
    std::size_t end;
    std::int32_t id;
  };
  const added_token* longest_at(std::string_view text, std::size_t at,
                                bool parse_special, std::size_t& length) const;

  struct text_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, added_token, text_hash, std::equal_to<>>
      tokens_;
  /// By first byte: the lengths that occur, longest first.
  std::array<std::vector<std::size_t>, 256> lengths_;
};

} // namespace sluice::device
