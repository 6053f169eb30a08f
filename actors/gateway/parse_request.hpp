// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Bodies of OpenAI's API to api_request. Pure. Unknown fields are ignored,
// null is absent; every other mistake is an api_error naming the field.
#pragma once

#include "actors/gateway/api_request.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string_view>

namespace sluice::actors {

class fields;
struct served_model;

/// POST /v1/chat/completions.
parsed<api_request> parse_chat(std::string_view body,
                               const request_limits& limits);

/// POST /v1/completions.
parsed<api_request> parse_completion(std::string_view body,
                                     const request_limits& limits);

/// POST /v1/embeddings.
parsed<api_request> parse_embeddings(std::string_view body,
                                     const request_limits& limits);

/// POST /completion, llama.cpp's native endpoint. Texts among token ids and
/// texts with a bias need the model that is asked; the answer's `model` names
/// it. 404 when it is not there.
parsed<api_request> parse_native(std::string_view body,
                                 const request_limits& limits,
                                 const std::vector<served_model>& models);

/// POST /v1/responses.
parsed<api_request> parse_responses(std::string_view body,
                                    const request_limits& limits);

/// POST /tokenize: a text or a conversation.
struct tokenize_request {
  std::string model;
  std::string text;
  bool is_chat = false;
  boost::json::array messages;
  boost::json::object template_options;
  boost::json::array tools;
  bool add_special = true;
};
parsed<tokenize_request> parse_tokenize(std::string_view body);

/// POST /detokenize.
struct detokenize_request {
  std::string model;
  std::vector<std::int32_t> tokens;
};
parsed<detokenize_request> parse_detokenize(std::string_view body);

/// "'prompt' names token 300, but the vocabulary has 256 tokens"
api_error beyond_vocabulary(std::string_view param, std::int32_t id,
                            std::int32_t vocabulary);

/// Ids outside [0, vocabulary) in the prompt, in logit_bias and in lists of
/// token ids.
std::optional<api_error> check_ids(const api_request& request,
                                   std::int32_t vocabulary);

// -- parts, for the parsers; these throw field_error --------------------------

/// Reads who asks, for what model, and how urgently.
void read_caller(const fields& in, api_request& out);

/// Reads texts and lists of ids, one or several, at most `most`.
std::vector<prompt_source> read_prompts(const fields& in, const char* name,
                                        std::uint32_t most);

/// Reads what both endpoints have: sampling, stop, n, stream, seed, ...
void read_shared(const fields& in, const request_limits& limits,
                 api_request& out);

/// Once all fields are read: min_tokens fits into max_tokens.
void check_lengths(const fields& in, const api_request& request);

/// What the answer must look like: response_format, and what vLLM and
/// llama.cpp call it.
void read_grammar(const fields& in, api_request& out);

/// Checks `messages` and returns them as templates want them: text parts
/// joined by line breaks, tool call arguments as objects.
boost::json::array read_messages(const fields& in);

/// Where a function is described: in `function` of a tool, as in chat, or in
/// the tool itself, as in responses.
enum class tool_shape : std::uint8_t { nested, flat };

/// Checks `tools`, `tool_choice` and `parallel_tool_calls`.
void read_tools(const fields& in, api_request& out,
                tool_shape shape = tool_shape::nested);

/// chat_template_kwargs, add_generation_prompt and tool_choice in one object.
boost::json::object read_template_options(const fields& in);

} // namespace sluice::actors
