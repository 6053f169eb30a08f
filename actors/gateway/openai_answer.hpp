// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the answers of OpenAI's chat and completions have in common: the head,
// the list of choices, usage and timings. Base of their writers.
#pragma once

#include "actors/gateway/answer_writer.hpp"

#include <string>
#include <string_view>

namespace sluice::actors {

class openai_answer : public answer_writer {
public:
  std::string last_events() final;
  std::string error_events(const api_error& error) final;
  std::string body() const final;

protected:
  /// What an answer calls itself.
  struct title {
    std::string_view id_prefix;
    std::string_view object;
    std::string_view chunk_object;
  };

  openai_answer(const api_request& request, const title& title,
                answer_stamp stamp);

  bool has_logprobs() const noexcept { return logprobs_; }
  /// One event of a choice; `said` is "delta":{...} or "text":..., `logprobs`
  /// a JSON value.
  std::string event(std::size_t choice, std::string_view said,
                    std::string_view logprobs, finish_reason finish) const;

private:
  /// What a choice said, and "logprobs":...
  virtual void append_said(std::string& out, std::size_t choice) const = 0;
  /// Members of the whole answer besides OpenAI's: ",\"name\":..."
  virtual void append_more(std::string&) const {}
  void append_usage(std::string& out) const;

  bool include_usage_;
  bool logprobs_;
  std::string head_;       // {"id":...,"object":...,"created":...,"model":...
  std::string chunk_head_; // the same for chunks
};

} // namespace sluice::actors
