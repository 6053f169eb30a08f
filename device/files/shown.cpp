// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/files/shown.hpp"

namespace sluice::device {

std::string shown(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string result = "\"";
  for (const char c : text.substr(0, most)) {
    result += c >= ' ' && c <= '~' ? c : '?';
  }
  return result + (text.size() > most ? "...\"" : "\"");
}

} // namespace sluice::device
