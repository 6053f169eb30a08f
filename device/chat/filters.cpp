// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/chat/filters.hpp"

namespace sluice::device::jinja {

operation find_filter(std::string_view name) {
  for (auto table : {scalar_filters(), sequence_filters(), selection_filters()})
    for (const auto& [known, run] : table)
      if (known == name)
        return run;
  return nullptr;
}

std::vector<std::string_view> filter_names() {
  std::vector<std::string_view> names;
  for (auto table : {scalar_filters(), sequence_filters(), selection_filters()})
    for (const auto& known : table)
      names.push_back(known.first);
  return names;
}

} // namespace sluice::device::jinja
