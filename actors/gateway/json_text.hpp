// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// JSON written piece by piece, as streams need it, and the UTF-8 check that
// keeps it valid. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::actors {

/// Bytes of the character at the front of `text`, 1..4, or 0 when the bytes
/// there are not valid UTF-8 (overlong, surrogate, too large, cut off).
std::size_t utf8_length(std::string_view text) noexcept;

/// Offset of the first byte that is not valid UTF-8.
std::optional<std::size_t> find_invalid_utf8(std::string_view text) noexcept;

/// Characters (code points) in `text`; an invalid byte counts as one.
std::size_t count_characters(std::string_view text) noexcept;

/// Appends `text` as a JSON string with its quotes; bytes that are not UTF-8
/// become U+FFFD.
void append_quoted(std::string& out, std::string_view text);

/// Appends to a comma-separated list.
void append_item(std::string& list, std::string_view item);

/// Appends a number that reads back as the same float; -inf and NaN, which
/// JSON cannot say, become -9999 as OpenAI writes impossible tokens.
void append_logprob(std::string& out, float value);

} // namespace sluice::actors
