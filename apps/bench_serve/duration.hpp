// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Spans of time as people write them on a command line: "200ms", "30s", "5m".
#pragma once

#include <string>
#include <string_view>

namespace sluice::apps {

/// In seconds; units are us, ms, s, m and h, and a bare number is seconds.
/// Throws std::invalid_argument: "'5x' is no duration; write it as 200ms, 30s
/// or 5m".
double parse_duration(std::string_view text);

/// The whole text as a number. Throws std::invalid_argument: "'x' is no
/// number".
double parse_number(std::string_view text);

} // namespace sluice::apps
