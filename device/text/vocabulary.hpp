// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The tokens of a vocabulary: how each is spelled, the bytes it stands for, its
// kind and score, and look-up by text. Filled once by a loader, then read by
// the encoders. Holds copies in two long strings, so a vocabulary of 150 000
// tokens opens in milliseconds. Knows no file format and no algorithm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

/// As GGUF's tokenizer.ggml.token_type numbers them.
enum class token_kind : std::uint8_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6,
};

/// Many strings in one.
class string_table {
public:
  std::size_t size() const noexcept { return ends_.size(); }
  std::string_view operator[](std::size_t index) const noexcept {
    const auto begin = index == 0 ? 0 : ends_[index - 1];
    return std::string_view(bytes_).substr(begin, ends_[index] - begin);
  }
  void reserve(std::size_t strings, std::size_t bytes);
  void add(std::string_view text);

private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

/// Index of a string table's entries by text: open addressing, no copies.
class text_index {
public:
  void reserve(std::size_t entries);
  /// Adds entry `id` of `table`; the id already there if the text is taken,
  /// else `id`.
  std::int32_t insert(const string_table& table, std::int32_t id);
  /// Id of `text`, or -1.
  std::int32_t find(const string_table& table,
                    std::string_view text) const noexcept;

private:
  struct slot {
    std::uint32_t hash = 0;
    std::int32_t id = -1;
  };
  std::vector<slot> slots_; ///< a power of two, at most half full
  std::size_t used_ = 0;
};

/// How tokens spell bytes.
enum class spelling : std::uint8_t {
  byte_alphabet, ///< GPT-2: every byte has a character
  metaspace      ///< sentencepiece: U+2581 is a space, "<0x0A>" a byte
};

class vocabulary {
public:
  explicit vocabulary(spelling style = spelling::byte_alphabet)
      : style_(style) {}
  void reserve(std::size_t tokens, std::size_t bytes);

  /// Appends a token. An empty text is a hole in the numbering. Returns the id
  /// that already has this text, else the new id.
  std::int32_t add(std::string_view text, token_kind kind, float score = 0);

  std::size_t size() const noexcept { return kinds_.size(); }
  spelling style() const noexcept { return style_; }
  std::string_view text(std::size_t id) const noexcept { return texts_[id]; }
  std::string_view bytes(std::size_t id) const noexcept { return bytes_[id]; }
  token_kind kind(std::size_t id) const noexcept { return kinds_[id]; }
  float score(std::size_t id) const noexcept { return scores_[id]; }

  /// The token that plain text may become: `word` is bytes for the byte
  /// alphabet, spelled text for metaspace. -1 if none. Never a control token:
  /// those come from parsing special tokens alone.
  std::int32_t find_word(std::string_view word) const noexcept {
    return words_.find(style_ == spelling::byte_alphabet ? bytes_ : texts_,
                       word);
  }
  /// Any token by its spelled text; -1 if none.
  std::int32_t find(std::string_view text) const;
  /// The token for one byte, or -1.
  std::int32_t byte_token(unsigned char byte) const noexcept {
    return byte_tokens_[byte];
  }
  /// Bytes of the longest word.
  std::size_t longest_word() const noexcept { return longest_word_; }

private:
  void add_bytes(std::string_view text, token_kind kind);
  std::int32_t add_word(std::int32_t id);

  spelling style_;
  string_table texts_;
  string_table bytes_;
  std::vector<token_kind> kinds_;
  std::vector<float> scores_;
  text_index words_; ///< over bytes_ or texts_, see find_word
  text_index names_; ///< over texts_: tokens that are not words
  std::vector<std::int32_t> byte_tokens_ = std::vector<std::int32_t>(256, -1);
  std::size_t longest_word_ = 0;
  std::string scratch_;
};

/// The byte that "<0x0A>" names, or -1.
int parse_byte_token(std::string_view text) noexcept;

inline constexpr std::string_view metaspace_character = "\xE2\x96\x81";

} // namespace sluice::device
