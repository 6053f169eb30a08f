// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Placement rules in words, for mistakes and explanations.
#pragma once

#include "graph/place/place_problem.hpp"

#include <string>
#include <tuple>
#include <vector>

namespace sluice::graph {

/// "a, b"
std::string listed(const std::vector<std::string>& items);

/// "3.1 GiB"; "0 B" to "1023 B" are exact.
std::string written_bytes(std::uint64_t bytes);

/// What `limits` ask of a single node: kind, field of the file, words.
std::vector<std::tuple<rule_kind, const char*, std::string>>
rule_texts(const std::string& actor, const place_limits& limits);

} // namespace sluice::graph
