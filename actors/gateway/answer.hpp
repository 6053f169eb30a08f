// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Text deltas to the bytes a client gets: OpenAI's chat.completion,
// chat.completion.chunk and text_completion, whole or as server-sent events.
// Pure: time and ids are arguments.
#pragma once

#include "actors/gateway/api_request.hpp"
#include "actors/gateway/prompt_logprobs_json.hpp"
#include "actors/gateway/timings_json.hpp"
#include "actors/messages.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::actors {

/// What one choice has said so far.
struct choice_text {
  std::string text;
  std::string logprobs; ///< JSON items, comma-separated
  std::string tokens, token_logprobs, top_logprobs, offsets; ///< completions
  std::size_t characters = 0; ///< said so far, echo included
  finish_reason finish = finish_reason::none;
  std::uint32_t completion_tokens = 0;
  std::vector<tool_call_delta> calls; ///< one entry per call
};

/// Writes one HTTP request's answer. Choices are numbered over all prompts:
/// prompt p's choice c is p * n + c.
class answer_writer {
public:
  /// `id` as shown ("chatcmpl-..."), `created` in seconds since 1970.
  answer_writer(const api_request& request, std::string id,
                std::int64_t created);

  std::size_t choices() const noexcept { return choices_.size(); }
  const choice_text& choice(std::size_t index) const { return choices_[index]; }
  std::uint32_t completion_tokens() const noexcept;

  /// A prompt's length, once known; prompts are counted once each.
  void prompt_tokens(std::size_t choice, std::uint32_t count);
  std::uint32_t prompt_tokens() const noexcept;
  /// Of a prompt, found in the cache when its first choice began.
  void cached_tokens(std::size_t choice, std::uint32_t count);
  std::uint32_t cached_tokens() const noexcept;

  /// Events before any text: roles, and echoed prompts unless their scores are
  /// waited for. Streams only.
  std::string first_events() const;
  /// Books `delta`; streams get its events, others "". Events of a prompt that
  /// is echoed with scores wait until these are known.
  std::string push(std::size_t choice, const text_delta& delta);
  /// Usage where asked for, and [DONE].
  std::string last_events() const;
  /// An error in mid-stream, and [DONE].
  static std::string error_events(const api_error& error);
  /// The whole answer of a request that does not stream.
  std::string body() const;
  /// What a session holds after a chunk.
  std::string session_body(std::string_view session) const;

private:
  void book(choice_text& to, const text_delta& delta);
  std::string take_prompt(std::size_t prompt, const text_delta& delta);
  std::string events_of(std::size_t choice, const text_delta& delta);
  std::string event(std::size_t choice, std::string_view delta,
                    std::string_view logprobs, finish_reason finish) const;
  std::string logprobs_json(const choice_text& from) const;
  std::string whole_logprobs(std::size_t choice) const;
  void append_choice(std::string& out, std::size_t index) const;
  void append_usage(std::string& out) const;
  void append_message(std::string& out, const choice_text& from) const;
  request_timings timings() const;

  bool chat_;
  bool stream_;
  bool include_usage_;
  bool logprobs_;
  std::uint32_t per_prompt_;
  std::string head_;       // {"id":...,"object":...,"created":...,"model":...
  std::string chunk_head_; // the same for chunks
  bool echoes_scores_;
  std::uint32_t top_logprobs_;
  std::optional<std::uint32_t> prompt_logprobs_;
  std::vector<std::string> echo_;            // [prompts], "" without echo
  std::vector<logprob_lists> echoed_;        // [prompts], with scores
  std::vector<std::string> prompt_maps_;     // [prompts], prompt_logprobs
  std::vector<std::string> held_;            // [choices], events that wait
  std::vector<std::uint32_t> prompt_tokens_; // [prompts]
  std::vector<std::uint32_t> cached_tokens_; // [prompts]
  std::vector<choice_text> choices_;
  answer_times times_; // of the slowest choice
};

/// "stop", "length", "tool_calls"; cancelled and error have no name in OpenAI's
/// API.
std::string_view name(finish_reason reason) noexcept;

} // namespace sluice::actors
