// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers of /v1/completions: text_completion, whole and in chunks, also with
// the prompt before them and its scores.
#pragma once

#include "actors/gateway/openai_answer.hpp"
#include "actors/gateway/prompt_logprobs_json.hpp"

#include <optional>
#include <vector>

namespace sluice::actors {

class completion_answer final : public openai_answer {
public:
  completion_answer(const api_request& request, answer_stamp stamp);

  /// Echoed prompts, unless their scores are waited for.
  std::string first_events() override;

private:
  // What one choice has said; of streams only the count of characters stays.
  struct said {
    std::string text;
    logprob_lists logprobs;
    std::size_t characters = 0; // so far, the basis of offsets
  };
  // What is known of a prompt.
  struct asked {
    std::string echo; // "" without
    bool scored = false;
    logprob_lists scores;        // with echo
    std::string prompt_logprobs; // JSON, where they were asked for
  };

  static void append_logprobs(said& to, const text_delta& delta);
  /// Events of a prompt whose scores are waited for wait, too.
  std::string say(std::size_t choice, const text_delta& delta) override;
  std::string events(std::size_t choice, const text_delta& delta);
  std::string take_prompt(std::size_t prompt, const text_delta& delta);
  std::string logprobs_json(const logprob_lists& lists) const;
  std::string whole_logprobs(std::size_t choice) const;
  void append_said(std::string& out, std::size_t choice) const override;

  bool echoes_scores_;
  std::uint32_t top_;                          // alternatives of echoed tokens
  std::optional<std::uint32_t> top_of_prompt_; // for prompt_logprobs
  std::vector<asked> prompts_;
  std::vector<said> choices_;
  std::vector<std::string> held_; // [choices], events that wait
};

} // namespace sluice::actors
