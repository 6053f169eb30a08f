// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/forecast.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::actors {

namespace {

constexpr double newest_weight = 1.0 / 16;

} // namespace

void forecast::ended(std::uint32_t prompt_tokens,
                     std::uint32_t answer_tokens) noexcept {
  const auto weight = any_ ? newest_weight : 1.0;
  prompt_ += weight * (prompt_tokens - prompt_);
  answer_ += weight * (answer_tokens - answer_);
  any_ = true;
}

double forecast::wait_seconds(const queue_ahead& ahead) const noexcept {
  const auto prompts =
      static_cast<double>(ahead.prompt_tokens) * pace_.token_seconds;
  // A full batch gives a place each time it has done one answer's work.
  const auto places = static_cast<double>(ahead.places) * (prompt_ + answer_)
                      * pace_.token_seconds;
  return std::max(prompts, places);
}

double forecast::run_seconds(std::uint64_t prompt_tokens,
                             std::uint64_t most_answer,
                             bool exact) const noexcept {
  const auto most = static_cast<double>(most_answer);
  const auto answer = exact ? most : std::min(most, answer_);
  return static_cast<double>(prompt_tokens) * pace_.token_seconds
         + answer * pace_.step_seconds;
}

std::uint32_t forecast::retry_seconds(const queue_ahead& ahead) const noexcept {
  return static_cast<std::uint32_t>(
      std::clamp(std::ceil(wait_seconds(ahead)), 1.0, 60.0));
}

} // namespace sluice::actors
