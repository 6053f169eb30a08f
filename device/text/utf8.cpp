// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/text/utf8.hpp"

#include <cstring>

namespace sluice::device {

namespace {

/// What may follow a lead byte: `extra` continuation bytes, of which the first
/// lies in [low, high].
struct lead_rule {
  std::size_t extra;
  unsigned char low;
  unsigned char high;
};

lead_rule rule_of(unsigned char lead) noexcept {
  if (lead >= 0xC2 && lead <= 0xDF)
    return {1, 0x80, 0xBF};
  if (lead == 0xE0)
    return {2, 0xA0, 0xBF};
  if (lead == 0xED)
    return {2, 0x80, 0x9F}; // no surrogates
  if (lead >= 0xE1 && lead <= 0xEF)
    return {2, 0x80, 0xBF};
  if (lead == 0xF0)
    return {3, 0x90, 0xBF};
  if (lead == 0xF4)
    return {3, 0x80, 0x8F}; // up to U+10FFFF
  if (lead >= 0xF1 && lead <= 0xF3)
    return {3, 0x80, 0xBF};
  return {0, 0, 0};
}

} // namespace

utf8_unit read_utf8(std::string_view text) noexcept {
  if (text.empty())
    return {0, utf8_state::valid};
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80)
    return {1, utf8_state::valid};
  auto [extra, low, high] = rule_of(lead);
  if (extra == 0)
    return {1, utf8_state::invalid};
  for (std::size_t i = 1; i <= extra; ++i) {
    if (i == text.size())
      return {i, utf8_state::incomplete};
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < low || byte > high)
      return {i, utf8_state::invalid};
    low = 0x80;
    high = 0xBF;
  }
  return {extra + 1, utf8_state::valid};
}

std::size_t valid_utf8_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    // Eight ASCII bytes at once: most text is ASCII.
    while (at + 8 <= text.size()) {
      std::uint64_t block;
      std::memcpy(&block, text.data() + at, sizeof block);
      if (block & 0x8080808080808080u)
        break;
      at += 8;
    }
    if (at == text.size())
      break;
    const auto unit = read_utf8(text.substr(at));
    if (unit.state != utf8_state::valid)
      break;
    at += unit.length;
  }
  return at;
}

char32_t code_point(std::string_view character) noexcept {
  const auto lead = static_cast<unsigned char>(character[0]);
  if (character.size() == 1)
    return lead;
  char32_t point = lead & (0x7Fu >> character.size());
  for (const char byte : character.substr(1))
    point = (point << 6) | (static_cast<unsigned char>(byte) & 0x3Fu);
  return point;
}

bool is_white_space(char32_t point) noexcept {
  return (point >= 0x09 && point <= 0x0D) || point == 0x20 || point == 0x85
         || point == 0xA0 || point == 0x1680
         || (point >= 0x2000 && point <= 0x200A) || point == 0x2028
         || point == 0x2029 || point == 0x202F || point == 0x205F
         || point == 0x3000;
}

} // namespace sluice::device
