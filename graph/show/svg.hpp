// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// DOT text to SVG by Graphviz's dot, when it is installed. Runs the program
// without a shell and never longer than its patience.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace sluice::graph {

/// Empty if `program` (looked up in PATH) is missing, fails, or takes longer
/// than `patience`.
std::optional<std::string>
to_svg(const std::string& dot, const std::string& program = "dot",
       std::chrono::milliseconds patience = std::chrono::seconds{10});

} // namespace sluice::graph
