// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers of /v1/chat/completions: chat.completion and its chunks.
#pragma once

#include "actors/gateway/openai_answer.hpp"

#include <vector>

namespace sluice::actors {

class chat_answer final : public openai_answer {
public:
  chat_answer(const api_request& request, answer_stamp stamp);

  /// The roles.
  std::string first_events() override;

private:
  // What one choice has said; streams keep none of it.
  struct said {
    std::string text;
    std::string logprobs;               // JSON items, comma-separated
    std::vector<tool_call_delta> calls; // one entry per call
  };

  std::string say(std::size_t choice, const text_delta& delta) override;
  std::string events(std::size_t choice, const text_delta& delta) const;
  std::string logprobs_json(const std::string& items) const;
  void append_said(std::string& out, std::size_t choice) const override;
  void append_more(std::string& out) const override;

  std::optional<std::uint32_t> top_of_prompt_; // for prompt_logprobs
  std::string prompt_logprobs_;                // JSON, once known
  std::vector<said> choices_;
};

} // namespace sluice::actors
