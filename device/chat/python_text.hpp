// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Python's view of text over UTF-8: code points, white space and case. Used by
// the lexer, filters and methods of chat templates; knows no values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::device::jinja {

/// The code point at byte `at` and its length in bytes. A byte that is not
/// UTF-8 counts as one character of its own.
struct code_point {
  char32_t value;
  std::size_t bytes;
};
code_point decode(std::string_view text, std::size_t at);
void encode(char32_t c, std::string& out);

std::size_t length(std::string_view text); ///< in code points
/// Byte offset of code point `index`, or text.size() when beyond the end.
std::size_t offset_of(std::string_view text, std::size_t index);

bool is_space(char32_t c);
bool is_alpha(char32_t c);
bool is_digit(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string capitalize(std::string_view text);
std::string title(std::string_view text);
std::string swap_case(std::string_view text);

/// `set` empty: white space.
std::string_view strip_left(std::string_view text, std::string_view set = {});
std::string_view strip_right(std::string_view text, std::string_view set = {});

} // namespace sluice::device::jinja
