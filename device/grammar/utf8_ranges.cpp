// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/grammar/utf8_ranges.hpp"

#include "device/error.hpp"

#include <algorithm>

namespace sluice::device {

namespace {

constexpr std::uint32_t first_surrogate = 0xD800;
constexpr std::uint32_t last_surrogate = 0xDFFF;

// Largest character of each length in bytes.
constexpr std::array<std::uint32_t, 4> largest{0x7F, 0x7FF, 0xFFFF,
                                               last_character};

std::size_t bytes_of(std::uint32_t c) {
  return static_cast<std::size_t>(std::ranges::lower_bound(largest, c)
                                  - largest.begin() + 1);
}

// Both ends have the same length, and differ only in a tail of bytes that runs
// over all its values.
byte_sequence spell_both(std::uint32_t low, std::uint32_t high) {
  std::string a;
  std::string b;
  append_utf8(low, a);
  append_utf8(high, b);
  byte_sequence out;
  out.size = a.size();
  for (std::size_t i = 0; i < a.size(); ++i) {
    out.low[i] = static_cast<std::uint8_t>(a[i]);
    out.high[i] = static_cast<std::uint8_t>(b[i]);
  }
  return out;
}

// Cuts [low, high], all of one length, where a tail does not run over all.
void spell_range(std::uint32_t low, std::uint32_t high,
                 std::vector<byte_sequence>& out) {
  for (std::size_t tail = 1; tail < bytes_of(low); ++tail) {
    const auto mask = (std::uint32_t{1} << (6 * tail)) - 1;
    if ((low & ~mask) == (high & ~mask))
      continue;
    if ((low & mask) != 0) {
      spell_range(low, low | mask, out);
      spell_range((low | mask) + 1, high, out);
      return;
    }
    if ((high & mask) != mask) {
      spell_range(low, (high & ~mask) - 1, out);
      spell_range(high & ~mask, high, out);
      return;
    }
  }
  out.push_back(spell_both(low, high));
}

} // namespace

char_set normalized(char_set set) {
  std::ranges::sort(set, {}, &char_range::low);
  char_set joined;
  for (const auto& range : set) {
    if (!joined.empty() && range.low <= joined.back().high + 1)
      joined.back().high = std::max(joined.back().high, range.high);
    else
      joined.push_back(range);
  }
  char_set out;
  for (const auto& range : joined) {
    if (range.low < first_surrogate)
      out.push_back({range.low, std::min(range.high, first_surrogate - 1)});
    if (range.high > last_surrogate)
      out.push_back({std::max(range.low, last_surrogate + 1), range.high});
  }
  return out;
}

char_set complement(char_set set) {
  char_set out;
  std::uint32_t from = 0;
  for (const auto& range : normalized(std::move(set))) {
    if (range.low > from)
      out.push_back({from, range.low - 1});
    from = range.high + 1;
  }
  if (from <= last_character)
    out.push_back({from, last_character});
  return normalized(std::move(out));
}

std::vector<byte_sequence> spell(const char_set& set) {
  std::vector<byte_sequence> out;
  for (const auto& range : set) {
    auto low = range.low;
    for (const auto end : largest)
      if (low <= end && low <= range.high) {
        spell_range(low, std::min(range.high, end), out);
        low = end + 1;
      }
  }
  return out;
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto push = [&](std::uint32_t byte) {
    out.push_back(static_cast<char>(static_cast<std::uint8_t>(byte)));
  };
  const auto tail = [&](unsigned shift) { push(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80) {
    push(c);
  } else if (c < 0x800) {
    push(0xC0 | c >> 6);
    tail(0);
  } else if (c < 0x10000) {
    push(0xE0 | c >> 12);
    tail(6);
    tail(0);
  } else {
    push(0xF0 | c >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::uint32_t read_utf8(std::string_view text, std::size_t& at) {
  const auto wrong = [] { return model_error("the text is not UTF-8"); };
  const auto first = static_cast<std::uint8_t>(text[at]);
  std::size_t more = 0;
  if (first >= 0xF0)
    more = 3;
  else if (first >= 0xE0)
    more = 2;
  else if (first >= 0xC0)
    more = 1;
  else if (first >= 0x80)
    throw wrong();
  if (more >= text.size() - at)
    throw wrong();
  std::uint32_t c = more == 0 ? first : first & (0x3Fu >> more);
  for (std::size_t i = 1; i <= more; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[at + i]);
    if ((byte & 0xC0) != 0x80)
      throw wrong();
    c = c << 6 | (byte & 0x3Fu);
  }
  if (c > last_character || (c >= first_surrogate && c <= last_surrogate)
      || bytes_of(c) != more + 1)
    throw wrong();
  at += more + 1;
  return c;
}

} // namespace sluice::device
