// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One answer on its way from tokens to text: detokenizes, watches for stop
// strings and tool calls, counts, and words log-probabilities. Used by
// postprocess; knows no actor.
#pragma once

#include "actors/messages.hpp"
#include "actors/postprocess/stop_matcher.hpp"
#include "actors/postprocess/tool_call_parser.hpp"
#include "device/text/detokenizer.hpp"

#include <deque>
#include <optional>

namespace sluice::actors {

class answer_stream {
public:
  /// `tokens` must outlive the stream.
  answer_stream(const device::tokenizer& tokens, generation begin);

  /// What to show after one more token or the end; nothing while all of it is
  /// held back. A delta with `finish` set is the last.
  std::optional<text_delta> push(generated one);

  /// A stop string ended the answer before the model did: it must be told.
  bool stopped_early() const noexcept { return stopped_early_; }

private:
  // A token's log-probabilities wait until its text is shown: tokens of a stop
  // string are not reported.
  struct waiting_logprob {
    std::uint64_t end = 0; // bytes of text complete with this token
    token_logprob value;
  };

  std::string take_token(const generated& one);
  void take_prompt(device::prompt_part part, text_delta& delta);
  prompt_token describe(const device::scored_token& token) const;
  void find_calls(text_delta& delta);
  token_logprob describe(const device::sampled_token& token) const;

  const device::tokenizer* tokens_;
  generation begin_;
  device::detokenizer text_;
  stop_matcher stops_;
  std::unique_ptr<tool_call_parser> calls_; // null: no tools
  std::deque<waiting_logprob> logprobs_;
  std::vector<prompt_token> prompt_; // until all of it is scored
  std::uint64_t complete_ = 0;       // bytes out of the detokenizer
  std::uint64_t shown_ = 0;          // bytes out of the stop matcher
  std::uint32_t count_ = 0;          // tokens
  std::vector<std::int32_t> untold_; // tokens since the last delta
  bool stopped_early_ = false;
};

} // namespace sluice::actors
