// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sets of characters, and the byte sequences that spell them in UTF-8. Used by
// the grammar's front ends and by what draws automata. Surrogates are no
// characters: no set holds them.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device {

inline constexpr std::uint32_t last_character = 0x10FFFF;

struct char_range {
  std::uint32_t low = 0;
  std::uint32_t high = 0; ///< inclusive
};

using char_set = std::vector<char_range>;

/// Sorted, disjoint, without surrogates.
char_set normalized(char_set set);

/// Every character that is not in `set`.
char_set complement(char_set set);

/// One to four ranges of bytes that follow each other.
struct byte_sequence {
  std::array<std::uint8_t, 4> low{};
  std::array<std::uint8_t, 4> high{};
  std::size_t size = 0;
};

/// The sequences that spell exactly the characters of a normalized set.
std::vector<byte_sequence> spell(const char_set& set);

/// Appends `character` in UTF-8.
void append_utf8(std::uint32_t character, std::string& out);

/// Reads one character at `at` and moves on; throws model_error when the bytes
/// are not UTF-8.
std::uint32_t read_utf8(std::string_view text, std::size_t& at);

} // namespace sluice::device
