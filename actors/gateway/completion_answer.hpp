// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Answers of /v1/completions: text_completion, whole and in chunks.
#pragma once

#include "actors/gateway/openai_answer.hpp"

#include <vector>

namespace sluice::actors {

class completion_answer final : public openai_answer {
public:
  completion_answer(const api_request& request, answer_stamp stamp);

  /// Echoed prompts.
  std::string first_events() override;

private:
  // What one choice has said; of streams only the count of characters stays.
  struct said {
    std::string text;
    // JSON items, comma-separated
    std::string tokens, token_logprobs, top_logprobs, offsets;
    std::size_t characters = 0; // so far, the basis of offsets
  };

  static void append_logprobs(said& to, const text_delta& delta);
  std::string say(std::size_t choice, const text_delta& delta) override;
  std::string logprobs_json(const said& from) const;
  void append_said(std::string& out, std::size_t choice) const override;

  std::vector<std::string> echo_; // [prompts], "" without echo
  std::vector<said> choices_;
};

} // namespace sluice::actors
