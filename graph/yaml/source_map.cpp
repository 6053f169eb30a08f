// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/source_map.hpp"

namespace sluice::graph {

void source_map::put(const std::string& path, std::uint32_t line,
                     std::uint32_t column) {
  spots_.insert_or_assign(path, spot{line, column});
}

bool source_map::has(const std::string& path) const {
  return spots_.contains(path);
}

location source_map::at(std::string path) const {
  while (true) {
    if (auto found = spots_.find(path); found != spots_.end())
      return {file_, found->second.line, found->second.column};
    if (path.empty())
      return {file_, 0, 0};
    auto end = path.find_last_of(".[");
    path.resize(end == std::string::npos ? 0 : end);
  }
}

std::string element(std::string_view path, std::size_t index) {
  return std::string(path) + "[" + std::to_string(index) + "]";
}

} // namespace sluice::graph
