// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/cache/recorded_answer.hpp"

namespace sluice::actors {

text_delta recorded_answer::told_to(request_id id, std::size_t index) const {
  auto out = deltas[index];
  out.id = id;
  // Nothing of the prompt was computed.
  out.cached_tokens = out.prompt_tokens;
  out.times = {};
  return out;
}

std::uint64_t bytes_of(const text_delta& delta) noexcept {
  auto bytes = sizeof delta + delta.text.size() + delta.error.size()
               + delta.stop.size() + delta.tokens.size() * sizeof(std::int32_t);
  for (const auto& token : delta.logprobs) {
    bytes += sizeof token + token.text.size();
    for (const auto& other : token.top)
      bytes += sizeof other + sizeof(std::int32_t) + other.first.size();
  }
  for (const auto& call : delta.calls)
    bytes +=
        sizeof call + call.id.size() + call.name.size() + call.arguments.size();
  return bytes;
}

} // namespace sluice::actors
