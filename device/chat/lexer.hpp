// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Template source to tokens, with jinja2's white space rules for trim_blocks
// and lstrip_blocks. Used by the parser alone.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::device::jinja {

enum class token_kind : std::uint8_t {
  text,
  variable_begin,
  variable_end,
  block_begin,
  block_end,
  name,
  string,
  integer,
  real,
  symbol, ///< operator or bracket
  end
};

/// `text` is the source's, but for a string, whose escapes are decoded.
struct token {
  token_kind kind;
  std::string_view text;
  std::uint32_t line;
};

/// A template that does not parse.
struct syntax_fault {
  std::uint32_t line;
  std::string message;
};

/// `source` has \n line ends. Decoded strings are stored in `strings`; both
/// must outlive the tokens. Throws syntax_fault.
std::vector<token> tokenize(std::string_view source,
                            std::deque<std::string>& strings);

} // namespace sluice::device::jinja
