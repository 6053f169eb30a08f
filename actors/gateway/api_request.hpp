// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A client's request after all checks: what all endpoints that ask the graph
// have in common, free of JSON and of CAF. Made by parse_request.hpp, read by
// the gateway and the answer's writer.
#pragma once

#include "actors/gateway/api_error.hpp"
#include "device/model/prompt_reading.hpp"
#include "device/model/sampling.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::actors {

/// How clients want embeddings.
struct embedding_form {
  bool base64 = false;          ///< little-endian f32, else numbers
  std::uint32_t dimensions = 0; ///< the first so many, at length 1; 0: all
};

/// Whose body it came in, and so the form of the answer.
enum class endpoint : std::uint8_t {
  chat,
  completions,
  embeddings,
  chunk,     ///< input for a session
  native,    ///< llama.cpp's /completion
  responses, ///< OpenAI's newer API
};

/// A raw prompt: text, or ids when there are any, and then text is what an echo
/// shows. Both empty for chat.
struct prompt_source {
  std::string text;
  std::vector<std::int32_t> tokens;
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
  /// Wanted of each prompt itself.
  device::prompt_reading reading = {};
  /// Alternatives per prompt token in the answer's prompt_logprobs; nothing: no
  /// such field.
  std::optional<std::uint32_t> prompt_logprobs;
  embedding_form embedding; ///< embeddings only
  std::string fingerprint;  ///< of the model behind `model`, "" unknown
  native_form native;
  std::string repeated; ///< responses: JSON members that the answer repeats
};

/// What an operator allows.
struct request_limits {
  std::uint32_t choices = 16;  ///< `n`
  std::uint32_t prompts = 64;  ///< prompts of one /v1/completions
  std::uint32_t inputs = 2048; ///< inputs of one /v1/embeddings
};

template <class T>
using parsed = std::variant<T, api_error>;

} // namespace sluice::actors
