// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/vocabulary.hpp"

#include "device/text/byte_alphabet.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::device {

namespace {

/// Multiply-and-fold over 8-byte blocks: words are short, and the index is
/// only as fast as this.
std::uint32_t hash_of(std::string_view text) noexcept {
  constexpr std::uint64_t factor = 0x9E3779B97F4A7C15u;
  std::uint64_t hash = text.size() * factor;
  while (!text.empty()) {
    std::uint64_t block = 0;
    const auto count = std::min<std::size_t>(text.size(), sizeof block);
    std::memcpy(&block, text.data(), count);
    hash = (hash ^ block) * factor;
    hash ^= hash >> 32;
    text.remove_prefix(count);
  }
  return static_cast<std::uint32_t>(hash);
}

} // namespace

void string_table::reserve(std::size_t strings, std::size_t bytes) {
  ends_.reserve(strings);
  bytes_.reserve(bytes);
}

void string_table::add(std::string_view text) {
  bytes_ += text;
  ends_.push_back(bytes_.size());
}

void text_index::reserve(std::size_t entries) {
  slots_.resize(std::bit_ceil(entries * 2 + 16));
}

std::int32_t text_index::insert(const string_table& table, std::int32_t id) {
  if ((used_ + 1) * 2 > slots_.size()) {
    auto old = std::move(slots_);
    slots_.assign(std::max<std::size_t>(old.size() * 2, 32), {});
    for (const auto& entry : old)
      if (entry.id >= 0) {
        auto at = entry.hash & (slots_.size() - 1);
        while (slots_[at].id >= 0)
          at = (at + 1) & (slots_.size() - 1);
        slots_[at] = entry;
      }
  }
  const auto text = table[static_cast<std::size_t>(id)];
  const auto hash = hash_of(text);
  auto at = hash & (slots_.size() - 1);
  for (; slots_[at].id >= 0; at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].hash == hash
        && table[static_cast<std::size_t>(slots_[at].id)] == text)
      return slots_[at].id;
  slots_[at] = {hash, id};
  ++used_;
  return id;
}

std::int32_t text_index::find(const string_table& table,
                              std::string_view text) const noexcept {
  if (slots_.empty())
    return -1;
  const auto hash = hash_of(text);
  for (auto at = hash & (slots_.size() - 1); slots_[at].id >= 0;
       at = (at + 1) & (slots_.size() - 1))
    if (slots_[at].hash == hash
        && table[static_cast<std::size_t>(slots_[at].id)] == text)
      return slots_[at].id;
  return -1;
}

int parse_byte_token(std::string_view text) noexcept {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>')
    return -1;
  int value = 0;
  for (const char c : text.substr(3, 2)) {
    if (c >= '0' && c <= '9')
      value = value * 16 + (c - '0');
    else if (c >= 'A' && c <= 'F')
      value = value * 16 + (c - 'A' + 10);
    else if (c >= 'a' && c <= 'f')
      value = value * 16 + (c - 'a' + 10);
    else
      return -1;
  }
  return value;
}

void vocabulary::reserve(std::size_t tokens, std::size_t bytes) {
  texts_.reserve(tokens, bytes);
  bytes_.reserve(tokens, bytes);
  kinds_.reserve(tokens);
  scores_.reserve(tokens);
  words_.reserve(tokens);
}

void vocabulary::add_bytes(std::string_view text, token_kind kind) {
  scratch_.clear();
  if (kind == token_kind::control || kind == token_kind::unknown) {
    scratch_ = text;
  } else if (style_ == spelling::byte_alphabet) {
    if (kind == token_kind::user_defined || !unspell_bytes(text, scratch_))
      scratch_ = text;
  } else if (const int byte = parse_byte_token(text);
             byte >= 0
             && (kind == token_kind::byte || kind == token_kind::normal)) {
    scratch_ = static_cast<char>(byte);
  } else {
    for (std::size_t at = 0; at < text.size();) {
      const auto space = text.find(metaspace_character, at);
      scratch_ += text.substr(at, space - at);
      if (space == std::string_view::npos)
        break;
      scratch_ += ' ';
      at = space + metaspace_character.size();
    }
  }
  bytes_.add(scratch_);
}

std::int32_t vocabulary::add(std::string_view text, token_kind kind,
                             float score) {
  const auto id = static_cast<std::int32_t>(kinds_.size());
  texts_.add(text);
  add_bytes(text, kind);
  kinds_.push_back(kind);
  scores_.push_back(score);
  if (text.empty())
    return id;
  if (style_ == spelling::metaspace) {
    if (const int byte = parse_byte_token(text); byte >= 0) {
      auto& token = byte_tokens_[static_cast<std::size_t>(byte)];
      if (token < 0)
        token = id;
      return names_.insert(texts_, id);
    }
  }
  // A byte-level token is a word when it is spelled in the alphabet.
  scratch_.clear();
  const bool spelled =
      style_ == spelling::metaspace || unspell_bytes(text, scratch_);
  const auto word =
      style_ == spelling::metaspace ? text : std::string_view(scratch_);
  if (const auto held = spelled ? find_word(word) : -1;
      held >= 0 && texts_[static_cast<std::size_t>(held)] == text)
    return held;
  const bool special =
      kind == token_kind::control || kind == token_kind::unknown;
  if (special || kind == token_kind::user_defined || !spelled) {
    const auto held = names_.insert(texts_, id);
    if (special || !spelled || held != id)
      return held;
  } else if (const auto held = names_.find(texts_, text); held >= 0) {
    return held;
  }
  return add_word(id);
}

std::int32_t vocabulary::add_word(std::int32_t id) {
  const auto at = static_cast<std::size_t>(id);
  const auto& table = style_ == spelling::byte_alphabet ? bytes_ : texts_;
  const auto held = words_.insert(table, id);
  if (held != id)
    // A user-defined token may look like a word that is spelled otherwise.
    return kinds_[at] == token_kind::user_defined ? id : held;
  const auto word = table[at];
  longest_word_ = std::max(longest_word_, word.size());
  if (style_ == spelling::byte_alphabet && word.size() == 1)
    byte_tokens_[static_cast<unsigned char>(word[0])] = id;
  return id;
}

std::int32_t vocabulary::find(std::string_view text) const {
  if (const auto id = names_.find(texts_, text); id >= 0)
    return id;
  if (style_ == spelling::metaspace)
    return words_.find(texts_, text);
  std::string bytes;
  return unspell_bytes(text, bytes) ? words_.find(bytes_, bytes) : -1;
}

} // namespace sluice::device
