// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/prompt_lookup.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::device {

prompt_lookup::prompt_lookup(std::uint32_t shortest, std::uint32_t longest)
    : shortest_{shortest}, longest_{longest} {
  assert(shortest >= 1 && shortest <= longest);
}

std::vector<std::int32_t>
prompt_lookup::propose(std::span<const std::int32_t> tokens,
                       std::size_t count) const {
  // tokens[0, end) ends as all of `tokens` does, for `length` tokens.
  const auto match = [&](std::size_t end) {
    std::size_t length = 0;
    while (length < longest_ && length < end
           && tokens[end - 1 - length] == tokens[tokens.size() - 1 - length])
      ++length;
    return length;
  };
  std::size_t best = 0;
  std::size_t best_end = 0;
  for (auto end = tokens.size(); end-- > 1 && best < longest_;)
    if (const auto length = match(end); length > best) {
      best = length;
      best_end = end;
    }
  if (best < shortest_)
    return {};
  const auto after = tokens.subspan(best_end);
  return {after.begin(),
          after.begin()
              + static_cast<std::ptrdiff_t>(std::min(count, after.size()))};
}

} // namespace sluice::device
