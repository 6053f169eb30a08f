// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One token inside a tag: names, numbers, strings with Python's escapes, and
// operators. Used by the lexer alone.
#pragma once

#include "device/chat/lexer.hpp"

namespace sluice::device::jinja {

struct lexeme {
  token_kind kind;
  std::string_view text;
  std::size_t bytes; ///< of source
};

/// The token at source[pos], which is no white space. `brackets` holds the
/// closing brackets still wanted. Throws syntax_fault.
lexeme next_lexeme(std::string_view source, std::size_t pos, std::uint32_t line,
                   std::deque<std::string>& strings, std::string& brackets);

} // namespace sluice::device::jinja
