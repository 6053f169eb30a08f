// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Log-probabilities of a prompt's tokens: vLLM's prompt_logprobs, and the
// prompt's share of what OpenAI's completions say with echo. Pure.
#pragma once

#include "actors/messages.hpp"

#include <span>
#include <string>
#include <string_view>

namespace sluice::actors {

/// [null,{"17":{"logprob":...,"rank":...,"decoded_token":...},...},...]: per
/// position the prompt's own token, then the `top` likeliest.
std::string prompt_logprobs_json(std::span<const prompt_token> tokens,
                                 std::uint32_t top);

/// Items of the four lists of a completion's logprobs, comma-separated.
struct logprob_lists {
  std::string tokens, token_logprobs, top_logprobs, offsets;
};

/// The prompt's part of the lists, whose text is echoed as `text`: null for the
/// first token, and the `top` likeliest of each other position. An offset, in
/// characters, is where a token's bytes stand in `text`; those that it lacks,
/// such as a begin token that was added, stand where the next one does.
logprob_lists echoed_logprobs(std::string_view text,
                              std::span<const prompt_token> tokens,
                              std::uint32_t top);

} // namespace sluice::actors
