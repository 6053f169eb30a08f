// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/answer_tally.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::actors {

answer_tally::answer_tally(std::size_t prompts, std::uint32_t per_prompt)
    : per_prompt_{per_prompt}, prompt_tokens_(prompts),
      choices_(prompts * per_prompt) {}

void answer_tally::prompt_tokens(std::size_t choice, std::uint32_t count) {
  prompt_tokens_[prompt_of(choice)] = count;
}

void answer_tally::take(std::size_t choice, const text_delta& delta) {
  auto& to = choices_[choice];
  if (delta.prompt_tokens > 0)
    prompt_tokens(choice, delta.prompt_tokens);
  if (delta.cached_tokens > 0)
    to.cached_tokens = delta.cached_tokens;
  to.completion_tokens =
      std::max(to.completion_tokens, delta.completion_tokens);
  to.new_line = to.new_line || delta.text.find('\n') != delta.text.npos;
  if (delta.finish == finish_reason::none)
    return;
  to.finish = delta.finish;
  to.times = delta.times;
}

std::uint32_t answer_tally::prompt_tokens() const noexcept {
  return std::accumulate(prompt_tokens_.begin(), prompt_tokens_.end(), 0u);
}

// Its sister choices find it all: only the first one tells of earlier requests.
std::uint32_t answer_tally::cached_tokens() const noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < choices_.size(); i += per_prompt_)
    sum += choices_[i].cached_tokens;
  return sum;
}

std::uint32_t answer_tally::completion_tokens() const noexcept {
  return std::accumulate(choices_.begin(), choices_.end(), 0u,
                         [](std::uint32_t sum, const choice_count& c) {
                           return sum + c.completion_tokens;
                         });
}

request_timings answer_tally::timings() const {
  const auto cached = cached_tokens();
  const auto prompt = prompt_tokens();
  request_timings out{
      cached, prompt - std::min(cached, prompt), completion_tokens(), {}};
  for (const auto& one : choices_) {
    out.times.queued = std::max(out.times.queued, one.times.queued);
    out.times.prefill = std::max(out.times.prefill, one.times.prefill);
    out.times.decode = std::max(out.times.decode, one.times.decode);
  }
  return out;
}

request_timings answer_tally::timings(std::size_t choice) const {
  const auto& one = choices_[choice];
  const auto prompt = prompt_tokens_of(choice);
  return {one.cached_tokens, prompt - std::min(one.cached_tokens, prompt),
          one.completion_tokens, one.times};
}

} // namespace sluice::actors
