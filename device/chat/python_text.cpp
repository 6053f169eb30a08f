// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/python_text.hpp"

#include <cwctype>
#include <locale.h>

namespace sluice::device::jinja {

namespace {

/// Case tables of the C library, independent of the process's own locale.
locale_t unicode() {
  static const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return made;
}

char32_t to_upper(char32_t c) {
  if (c < 128)
    return c >= 'a' && c <= 'z' ? c - 32 : c;
  return unicode() ? towupper_l(static_cast<wint_t>(c), unicode()) : c;
}

char32_t to_lower(char32_t c) {
  if (c < 128)
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
  return unicode() ? towlower_l(static_cast<wint_t>(c), unicode()) : c;
}

bool is_cased(char32_t c) {
  return is_upper(c) || is_lower(c);
}

void put_upper(char32_t c, std::string& out, bool first_only) {
  if (c == 0xDF) // sharp s: the one common letter that grows
    out += first_only ? "Ss" : "SS";
  else
    encode(to_upper(c), out);
}

bool in_set(std::string_view c, std::string_view set) {
  if (set.empty())
    return is_space(decode(c, 0).value);
  for (std::size_t i = 0; i < set.size();) {
    const std::size_t n = decode(set, i).bytes;
    if (set.substr(i, n) == c)
      return true;
    i += n;
  }
  return false;
}

std::string capital_words(std::string_view text, bool every_word) {
  std::string out;
  bool inside = false;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    if (inside)
      encode(to_lower(c), out);
    else
      put_upper(c, out, true);
    inside = every_word ? is_cased(c) : true;
    i += n;
  }
  return out;
}

} // namespace

code_point decode(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  const unsigned char first = byte(at);
  if (first < 0x80)
    return {first, 1};
  const std::size_t n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + n > text.size())
    return {first, 1};
  char32_t c = first & (0x7F >> n);
  for (std::size_t i = 1; i < n; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80)
      return {first, 1};
    c = (c << 6) | (byte(at + i) & 0x3F);
  }
  return {c, n};
}

void encode(char32_t c, std::string& out) {
  const auto put = [&](char32_t b) { out += static_cast<char>(b); };
  if (c < 0x80)
    return put(c);
  if (c < 0x800) {
    put(0xC0 | (c >> 6));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

std::size_t length(std::string_view text) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size(); i += decode(text, i).bytes)
    ++n;
  return n;
}

std::size_t offset_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  while (index-- > 0 && at < text.size())
    at += decode(text, at).bytes;
  return at;
}

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20) || c == 0x85
         || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A)
         || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F
         || c == 0x3000;
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

bool is_alpha(char32_t c) {
  if (c < 128)
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return unicode() && iswalpha_l(static_cast<wint_t>(c), unicode());
}

bool is_upper(char32_t c) {
  return is_alpha(c) && to_lower(c) != c;
}

bool is_lower(char32_t c) {
  return is_alpha(c) && (to_upper(c) != c || c == 0xDF);
}

std::string upper(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    put_upper(c, out, false);
    i += n;
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    encode(to_lower(c), out);
    i += n;
  }
  return out;
}

std::string swap_case(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto [c, n] = decode(text, i);
    if (is_upper(c))
      encode(to_lower(c), out);
    else
      put_upper(c, out, false);
    i += n;
  }
  return out;
}

std::string capitalize(std::string_view text) {
  return capital_words(text, false);
}

std::string title(std::string_view text) {
  return capital_words(text, true);
}

std::string_view strip_left(std::string_view text, std::string_view set) {
  while (!text.empty()) {
    const std::size_t n = decode(text, 0).bytes;
    if (!in_set(text.substr(0, n), set))
      break;
    text.remove_prefix(n);
  }
  return text;
}

std::string_view strip_right(std::string_view text, std::string_view set) {
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && text.size() - at < 4
           && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
      --at;
    if (decode(text, at).bytes != text.size() - at)
      at = text.size() - 1;
    if (!in_set(text.substr(at), set))
      break;
    text.remove_suffix(text.size() - at);
  }
  return text;
}

} // namespace sluice::device::jinja
