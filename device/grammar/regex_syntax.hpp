// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Regular expressions as expressions of a grammar. The dialect is what
// JavaScript, Python and RE2 have in common: alternation, groups ((...),
// (?:...), (?<name>...)), the quantifiers * + ? {m} {m,} {m,n} (lazy ones match
// the same texts), classes, . (no line break), ^ and $, the escapes \d \w \s \D
// \W \S \t \n \r \f \v \0 \xHH \uHHHH \u{H...} \cX. What needs memory or looks
// around (back references, look-ahead and look-behind, \b) is refused, and so
// are flags and \p{...}.
#pragma once

#include "device/grammar/syntax.hpp"

#include <string_view>

namespace sluice::device {

/// Throws model_error: "column 3: ...".
expression parse_regex(std::string_view pattern, syntax& into);

enum class regex_use : std::uint8_t {
  whole,  ///< the pattern describes the whole text
  search, ///< the pattern occurs in the text, as JSON Schema has it
};

/// The texts, in UTF-8, that a pattern describes.
machine regex_machine(std::string_view pattern, regex_use use,
                      work_budget& budget);

} // namespace sluice::device
