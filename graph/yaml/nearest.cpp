// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/yaml/nearest.hpp"

#include <algorithm>
#include <cctype>

namespace sluice::graph {

namespace {

constexpr std::size_t longest_name = 64; ///< longer words are no slip

/// Optimal string alignment distance, upper and lower case alike.
std::size_t distance(std::string_view a, std::string_view b) {
  auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x))
           == std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1),
      now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      auto change = last[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, change});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2])
          && same(a[i - 2], b[j - 1]))
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

} // namespace

std::string nearest(std::string_view written,
                    std::span<const std::string> known) {
  if (written.empty() || written.size() > longest_name)
    return {};
  std::string best;
  // A third of the letters may be wrong, at least one.
  auto least = std::max<std::size_t>(1, written.size() / 3) + 1;
  for (const auto& name : known) {
    if (name.size() > longest_name)
      continue;
    auto cost = distance(written, name);
    // Half of a short word is another word.
    if (cost < least && cost < std::max(name.size(), written.size())) {
      least = cost;
      best = name;
    }
  }
  return best;
}

std::string hint(std::string_view written, std::span<const std::string> known) {
  if (auto name = nearest(written, known); !name.empty())
    return " (did you mean '" + name + "'?)";
  if (known.empty() || known.size() > 12)
    return {};
  std::string out = " (known: ";
  for (std::size_t i = 0; i < known.size(); ++i)
    out += (i == 0 ? "" : ", ") + known[i];
  return out + ")";
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t shown = 60; // bytes
  if (text.size() <= shown)
    return "'" + std::string(text) + "'";
  auto end = shown;
  while ((static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u)
    --end; // not within a character
  return "'" + std::string(text.substr(0, end)) + "...'";
}

} // namespace sluice::graph
