// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/names.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

constexpr std::size_t longest_name = 63;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_name_character(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-';
}

} // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && is_letter(text.front())
         && std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_model_name(std::string_view text) {
  auto fits = [](char c) { return is_name_character(c) || c == '.'; };
  return !text.empty() && text.size() <= longest_name
         && (is_letter(text.front()) || is_digit(text.front()))
         && std::all_of(text.begin(), text.end(), fits);
}

void check_name(std::string_view name, const location& where,
                const std::string& what, diagnostics& found) {
  if (!is_name(name))
    found.push_back(
        {where, what + " '" + std::string(name)
                    + "' is no name: a letter, then letters, digits, "
                      "'_' and '-', at most 63"});
}

} // namespace sluice::graph
