// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/diagnostic.hpp"

namespace sluice::graph {

std::string to_string(const diagnostic& value) {
  auto out = value.where.file;
  if (value.where.line != 0)
    out += ":" + std::to_string(value.where.line) + ":"
           + std::to_string(value.where.column);
  if (!out.empty())
    out += ": ";
  return out + value.text;
}

std::string to_string(const diagnostics& values) {
  std::string out;
  for (const auto& value : values)
    out += to_string(value) + "\n";
  return out;
}

} // namespace sluice::graph
