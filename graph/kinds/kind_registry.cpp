// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/kinds/kind_registry.hpp"

#include <cassert>

namespace sluice::graph {

std::string_view name(message_type type) noexcept {
  switch (type) {
  case message_type::request:
    return "request";
  case message_type::prompt:
    return "prompt";
  case message_type::tokens:
    return "tokens";
  case message_type::text:
    return "text";
  }
  return "";
}

void kind_registry::add(kind value) {
  auto key = value.name;
  [[maybe_unused]] auto fresh =
      kinds_.emplace(std::move(key), std::move(value)).second;
  assert(fresh);
}

const kind* kind_registry::find(std::string_view name) const {
  auto found = kinds_.find(name);
  return found == kinds_.end() ? nullptr : &found->second;
}

std::vector<std::string> kind_registry::names() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : kinds_)
    out.push_back(name);
  return out;
}

} // namespace sluice::graph
