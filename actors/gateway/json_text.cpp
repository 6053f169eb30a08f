// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace sluice::actors {

// Unicode 15, table 3-7: well-formed byte sequences.
std::size_t utf8_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xc0u) == 0x80u; };
  const unsigned a = at(0);
  const unsigned b = at(1);
  if (text.empty())
    return 0;
  if (a < 0x80)
    return 1;
  if (a >= 0xc2 && a <= 0xdf)
    return tail(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    const bool overlong = a == 0xe0 && b < 0xa0;
    const bool surrogate = a == 0xed && b > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    const bool overlong = a == 0xf0 && b < 0x90;
    const bool too_large = a == 0xf4 && b > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto n = utf8_length(text.substr(i));
    if (n == 0)
      return i;
    i += n;
  }
  return std::nullopt;
}

std::size_t count_characters(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++count)
    i += std::max<std::size_t>(1, utf8_length(text.substr(i)));
  return count;
}

void append_quoted(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    const auto n = utf8_length(text.substr(i));
    if (n == 0) {
      out += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out.append("\\u00").append({digits[c >> 4], digits[c & 15]});
    } else {
      out += text.substr(i, n);
    }
    i += n == 0 ? 1 : n;
  }
  out += '"';
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty())
    list += ',';
  list += item;
}

void append_logprob(std::string& out, float value) {
  if (!std::isfinite(value))
    value = -9999.0f;
  std::array<char, 32> text;
  const auto* end =
      std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(text.data(), static_cast<std::size_t>(end - text.data()));
}

} // namespace sluice::actors
