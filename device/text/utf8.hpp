// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// UTF-8, one unit at a time, for text that may be broken: used by tokenizer and
// detokenizer. Follows Unicode's "substitution of maximal subparts" (Unicode
// 15, section 3.9), so that broken bytes count as Python counts them. Knows no
// token.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::device {

enum class utf8_state : std::uint8_t {
  valid,     ///< a whole character
  invalid,   ///< bytes that no continuation can make valid: one U+FFFD
  incomplete ///< the text ends inside a character
};

/// The first unit of a text.
struct utf8_unit {
  std::size_t length; ///< bytes, at least 1 unless the text is empty
  utf8_state state;
};

utf8_unit read_utf8(std::string_view text) noexcept;

/// Bytes from the start of `text` that are valid UTF-8.
std::size_t valid_utf8_prefix(std::string_view text) noexcept;

/// The code point of a valid character.
char32_t code_point(std::string_view character) noexcept;

/// Unicode's White_Space property.
bool is_white_space(char32_t point) noexcept;

inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

} // namespace sluice::device
