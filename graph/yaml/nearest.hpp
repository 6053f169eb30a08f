// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Words for messages about names: how to show what a person wrote, and the
// known name that was probably meant, for "did you mean 'x'?".
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::graph {

/// The name closest to `written` by edit distance (swapped neighbours count
/// once), or empty when none is near.
std::string nearest(std::string_view written,
                    std::span<const std::string> known);

/// " (did you mean 'x'?)", or " (known: a, b, c)" when none is near and the
/// list is short, or nothing.
std::string hint(std::string_view written, std::span<const std::string> known);

/// 'text', as messages show what a person wrote; long text is cut.
std::string in_quotes(std::string_view text);

} // namespace sluice::graph
