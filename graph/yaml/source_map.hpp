// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Where each value of a config stands in its file. Paths are spelled as people
// write them: "actors[2].rules[0].to". Filled by the binder, read by
// validation.
#pragma once

#include "graph/diagnostic.hpp"

#include <map>
#include <string>
#include <string_view>

namespace sluice::graph {

class source_map {
public:
  explicit source_map(std::string file = {}) : file_(std::move(file)) {}

  void put(const std::string& path, std::uint32_t line, std::uint32_t column);

  /// Whether `path` was written in the file.
  bool has(const std::string& path) const;

  /// Of `path`, or of the nearest enclosing value when it was left out.
  location at(std::string path) const;

  const std::string& file() const noexcept { return file_; }

private:
  struct spot {
    std::uint32_t line;
    std::uint32_t column;
  };
  std::string file_;
  std::map<std::string, spot, std::less<>> spots_;
};

/// "actors", 2 -> "actors[2]".
std::string element(std::string_view path, std::size_t index);

} // namespace sluice::graph
