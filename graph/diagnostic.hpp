// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One mistake in a graph or placement file, where it stands and how to mend it.
// Validation collects all of them before anything is refused.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::graph {

/// A place in a file; line and column count from 1, 0 where unknown.
struct location {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// A mistake. `text` says what is wrong and, where possible, what to write.
struct diagnostic {
  location where;
  std::string text;
};

using diagnostics = std::vector<diagnostic>;

/// "chat.yaml:12:5: unknown field 'lisen' (did you mean 'listen'?)"
std::string to_string(const diagnostic& value);

/// All of them, one per line.
std::string to_string(const diagnostics& values);

} // namespace sluice::graph
