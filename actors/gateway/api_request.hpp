// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A client's request after all checks: what all generating endpoints have in
// common, free of JSON and of CAF. Made by
// parse_request.hpp, read by the gateway and the answer's writer.
#pragma once

#include "actors/gateway/api_error.hpp"
#include "device/model/sampling.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::actors {

/// Whose body it came in, and so the form of the answer.
enum class endpoint : std::uint8_t {
  chat,
  completions,
  chunk,     ///< input for a session
  native,    ///< llama.cpp's /completion
  responses, ///< OpenAI's newer API
};

/// A raw prompt: text, or ids when there are any. Both empty for chat.
struct prompt_source {
  std::string text;
  std::vector<std::int32_t> tokens;
  std::string shown = {}; ///< text of `tokens`, for answers that repeat it
};

/// What llama.cpp's clients ask of the form of an answer.
struct native_form {
  bool tokens = false;             ///< `return_tokens`: ids of a whole answer
  std::vector<std::string> fields; ///< `response_fields`; empty: all
};

struct api_request {
  endpoint kind = endpoint::chat;
  std::string model;  ///< as asked, "" when not said
  std::string tenant; ///< OpenAI's `user`
  bool stream = false;
  bool include_usage = false;
  bool echo = false;         ///< completions: the prompt before the answer
  std::uint32_t choices = 1; ///< `n`, per prompt
  std::vector<prompt_source> prompts; ///< chat: one, empty
  std::string messages;               ///< JSON array, chat only
  std::string tools;                  ///< JSON array or ""
  std::string template_options;       ///< JSON object or ""
  std::string must_call; ///< a tool's name, "*" for any, "" for none
  bool parallel_calls = true;
  device::sampling_params sampling; ///< seed drawn unless `seeded`
  std::uint32_t max_tokens = 0;     ///< 0: to the end of the context
  std::vector<std::string> stop;
  bool logprobs = false;
  bool specials = false; ///< skip_special_tokens: false
  std::optional<std::chrono::milliseconds> timeout;
  std::string session;       ///< that it belongs to, or ""
  bool prefill_only = false; ///< only stores the prompt in the model
  std::string cache_salt;    ///< other salts share no cached prefix
  std::int32_t priority = 0; ///< lower goes first
  std::string fingerprint;   ///< of the model behind `model`, "" unknown
  native_form native;
  std::string repeated; ///< responses: JSON members that the answer repeats
};

/// What an operator allows.
struct request_limits {
  std::uint32_t choices = 16; ///< `n`
  std::uint32_t prompts = 64; ///< prompts of one /v1/completions
};

template <class T>
using parsed = std::variant<T, api_error>;

} // namespace sluice::actors
