// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Plain YAML scalars as numbers, the same on every locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::graph {

/// "-12", "+3": a whole number; empty if it is none or does not fit.
std::optional<std::int64_t> parse_int(std::string_view text);
std::optional<std::uint64_t> parse_uint(std::string_view text);

/// "0.8", "1e-3": a finite number; empty if it is none.
std::optional<double> parse_double(std::string_view text);

} // namespace sluice::graph
