// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/added_tokens.hpp"

#include "device/text/utf8.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

/// The character that ends just before byte `at`, as far as it is valid.
std::string_view character_before(std::string_view text, std::size_t at) {
  auto begin = at;
  while (begin > 0 && at - begin < 4) {
    --begin;
    if ((static_cast<unsigned char>(text[begin]) & 0xC0) != 0x80)
      break;
  }
  return text.substr(begin, at - begin);
}

bool white(std::string_view character) {
  const auto unit = read_utf8(character);
  return unit.length > 0 && unit.state == utf8_state::valid
         && unit.length == character.size()
         && is_white_space(code_point(character));
}

std::string_view character_at(std::string_view text, std::size_t at) {
  return text.substr(at, read_utf8(text.substr(at)).length);
}

/// Letters, digits and the underscore; beyond ASCII, all but white space.
bool word_character(std::string_view character) {
  if (character.empty())
    return false;
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte >= 0x80)
    return !white(character);
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z')
         || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  return !word_character(character_before(text, begin))
         && !word_character(character_at(text, end));
}

} // namespace

void added_tokens::add(std::string_view text, added_token token) {
  if (text.empty())
    return;
  tokens_.insert_or_assign(std::string(text), token);
  auto& lengths = lengths_[static_cast<unsigned char>(text[0])];
  const auto place = std::lower_bound(lengths.begin(), lengths.end(),
                                      text.size(), std::greater<>());
  if (place == lengths.end() || *place != text.size())
    lengths.insert(place, text.size());
}

const added_token* added_tokens::longest_at(std::string_view text,
                                            std::size_t at, bool parse_special,
                                            std::size_t& length) const {
  for (const auto size : lengths_[static_cast<unsigned char>(text[at])]) {
    if (size > text.size() - at)
      continue;
    const auto found = tokens_.find(text.substr(at, size));
    if (found == tokens_.end() || (found->second.special && !parse_special))
      continue;
    if (found->second.single_word && !stands_alone(text, at, at + size))
      continue;
    length = size;
    return &found->second;
  }
  return nullptr;
}

void added_tokens::split(std::string_view text, bool parse_special,
                         std::vector<text_part>& out) const {
  std::size_t done = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (lengths_[static_cast<unsigned char>(text[at])].empty())
      continue;
    std::size_t length = 0;
    const auto* token = longest_at(text, at, parse_special, length);
    if (token == nullptr)
      continue;
    auto begin = at;
    auto end = at + length;
    if (token->lstrip)
      while (begin > done && white(character_before(text, begin)))
        begin -= character_before(text, begin).size();
    if (token->rstrip)
      while (end < text.size() && white(character_at(text, end)))
        end += character_at(text, end).size();
    begin = std::max(begin, done);
    if (begin > done)
      out.push_back({text.substr(done, begin - done), -1});
    out.push_back({text.substr(begin, end - begin), token->id});
    done = end;
    at = end - 1;
  }
  if (done < text.size())
    out.push_back({text.substr(done), -1});
}

} // namespace sluice::device
