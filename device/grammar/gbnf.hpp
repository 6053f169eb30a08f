// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// GBNF, llama.cpp's notation for grammars: rules `name ::= ...`, alternation,
// groups, literals in double quotes, character classes, `.`, the quantifiers *
// + ? {m} {m,} {m,n}, and comments from # to the end of the line. The rule
// `root` is the whole text.
#pragma once

#include "device/grammar/syntax.hpp"

#include <string_view>

namespace sluice::device {

/// Returns the rule `root`. Throws model_error: "line 2, column 7: ...".
rule_id parse_gbnf(std::string_view text, syntax& into);

} // namespace sluice::device
