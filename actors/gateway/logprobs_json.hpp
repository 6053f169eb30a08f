// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Log-probabilities of tokens in the two forms of OpenAI's API and in
// llama.cpp's. Pure.
#pragma once

#include "actors/messages.hpp"

#include <string>

namespace sluice::actors {

/// Chat: {"token":...,"logprob":...,"bytes":[...],"top_logprobs":[...]}. A
/// token that is part of a character shows U+FFFD; its bytes are exact.
void append_chat_logprob(std::string& out, const token_logprob& token);

/// llama.cpp: {"id":...,"token":...,"bytes":[...],"logprob":...,
/// "top_logprobs":[...]}
void append_native_logprob(std::string& out, const token_logprob& token);

/// Completions: a token as it is a key there, "bytes:\\xe2\\x82" for parts of
/// a character.
std::string completion_token(std::string_view bytes);

/// Completions: {"token":logprob,...}
void append_completion_top(std::string& out, const token_logprob& token);

} // namespace sluice::actors
