// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A request of the host, and its answer: pulled piece by piece, collected
// whole, or pushed to a callback.
#pragma once

#include "sluice/message.hpp"

#include <functional>
#include <optional>
#include <utility>

namespace sluice::apps {
class answer_queue;
} // namespace sluice::apps

namespace sluice {

struct chat_message {
  std::string role; ///< "system", "user", "assistant", "tool"
  std::string content;
};

/// Fields that are not set are left to the runtime, whose defaults and ranges
/// are those of the HTTP API.
struct sampling {
  std::optional<double> temperature; ///< 0 is greedy
  std::optional<double> top_p;
  std::optional<std::int64_t> top_k;
  std::optional<double> min_p;
  std::optional<double> repetition_penalty;
  std::optional<double> presence_penalty;
  std::optional<double> frequency_penalty;
  std::optional<std::uint64_t> seed; ///< random if not given
  std::vector<std::pair<std::int32_t, double>> logit_bias;
  bool ignore_eos = false;
};

/// Exactly one of messages, messages_json, text and tokens.
struct request {
  std::vector<chat_message> messages;
  std::string messages_json; ///< as the HTTP API takes it
  std::string text;          ///< a raw prompt
  std::vector<std::int32_t> tokens;

  sluice::sampling sampling;
  std::uint32_t max_tokens = 0;  ///< 0: to the end of the context
  std::vector<std::string> stop; ///< strings that end the answer
  std::vector<std::string> labels;
  std::string tenant;
  /// From submission to the end; 0: ten minutes.
  std::chrono::milliseconds timeout{0};
  /// A JSON object with any other field that the HTTP API knows, for instance
  /// {"logprobs": true, "tools": [...]}. Except n: submit twice.
  std::string fields;
};

/// Log-probability of one token.
struct token_logprob {
  std::string text; ///< the token's bytes; may be a part of a character
  float logprob = 0.0f;
  std::vector<std::pair<std::string, float>> top;
};

/// One piece of an answer. The one with `finish` set is the last.
struct delta {
  std::uint64_t id = 0;
  std::string text; ///< whole UTF-8 characters
  std::vector<token_logprob> logprobs;
  std::uint32_t completion_tokens = 0; ///< so far
  std::uint32_t prompt_tokens = 0;     ///< with finish
  std::uint32_t cached_tokens = 0;     ///< of the prompt, with finish
  finish_reason finish = finish_reason::none;
  error_code code = error_code::none; ///< with cancelled and error
  std::string error;                  ///< with cancelled and error
};

using delta_callback = std::function<void(const delta&)>;

/// A whole answer.
struct completion {
  std::string text;
  std::vector<token_logprob> logprobs;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t cached_tokens = 0; ///< of the prompt
  std::uint32_t completion_tokens = 0;
  finish_reason finish = finish_reason::none;
};

/// An answer to pull from. It holds what has come and was not pulled yet, at
/// most one whole answer. Letting go of an answer cancels it. One thread pulls;
/// cancel() may come from any.
class SLUICE_API answer {
public:
  answer() noexcept; ///< none
  explicit answer(std::shared_ptr<apps::answer_queue> queue) noexcept;
  ~answer();
  answer(answer&& other) noexcept;
  answer& operator=(answer&& other) noexcept;

  explicit operator bool() const noexcept { return queue_ != nullptr; }
  std::uint64_t id() const noexcept;

  /// Waits for the next piece. Nothing after the last one.
  std::optional<delta> next();
  /// The next piece, if it comes within `patience`; 0 does not wait. Nothing
  /// also after the last one: see ended().
  std::optional<delta> next(std::chrono::milliseconds patience);
  /// Whether the last piece was pulled.
  bool ended() const noexcept;

  /// Waits for the rest. Throws error when the answer does not end well.
  completion collect();

  /// The last piece will say cancelled, unless it has already come.
  void cancel() noexcept;

private:
  std::shared_ptr<apps::answer_queue> queue_;
};

} // namespace sluice
