// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The figures of one HTTP request's answer, whatever form it is written in:
// tokens, cache hits, times, and how each choice ended. Used by the writers and
// by flight. Pure.
#pragma once

#include "actors/gateway/timings_json.hpp"
#include "actors/messages.hpp"

#include <cstdint>
#include <vector>

namespace sluice::actors {

/// What is known of one choice.
struct choice_count {
  finish_reason finish = finish_reason::none;
  std::uint32_t completion_tokens = 0;
  std::uint32_t cached_tokens = 0; ///< of its prompt, when it began
  answer_times times;              ///< once it has ended
  bool new_line = false;           ///< its text has a line break
  std::uint32_t place = 0;         ///< at the door, see flight_table
};

/// Choices are numbered over all prompts: prompt p's choice c is
/// p * per_prompt + c.
class answer_tally {
public:
  answer_tally(std::size_t prompts, std::uint32_t per_prompt);

  std::size_t choices() const noexcept { return choices_.size(); }
  std::size_t prompt_of(std::size_t choice) const noexcept {
    return choice / per_prompt_;
  }
  const choice_count& operator[](std::size_t choice) const {
    return choices_[choice];
  }

  /// A prompt's length, once known; prompts are counted once each.
  void prompt_tokens(std::size_t choice, std::uint32_t count);
  void place(std::size_t choice, std::uint32_t number) {
    choices_[choice].place = number;
  }
  /// Books what `delta` says of its choice.
  void take(std::size_t choice, const text_delta& delta);

  std::uint32_t prompt_tokens_of(std::size_t choice) const {
    return prompt_tokens_[prompt_of(choice)];
  }
  std::uint32_t prompt_tokens() const noexcept;
  /// Of all prompts, found in the cache when their first choices began.
  std::uint32_t cached_tokens() const noexcept;
  std::uint32_t completion_tokens() const noexcept;
  request_timings timings() const;
  /// Of one choice alone.
  request_timings timings(std::size_t choice) const;

private:
  std::uint32_t per_prompt_;
  std::vector<std::uint32_t> prompt_tokens_; // [prompts]
  std::vector<choice_count> choices_;
};

} // namespace sluice::actors
