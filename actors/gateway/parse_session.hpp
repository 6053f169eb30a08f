// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Bodies of the session endpoints. Pure; mistakes are api_errors that name the
// field, as in parse_request.hpp.
#pragma once

#include "actors/gateway/session_table.hpp"

namespace sluice::actors {

/// POST /v1/sessions.
struct session_wish {
  std::string model;
  std::optional<std::chrono::milliseconds> ttl;
};
parsed<session_wish> parse_session(std::string_view body);

/// POST /v1/sessions/{id}/append: `text` or `messages`.
parsed<session_content> parse_chunk(std::string_view body);

/// The request that stores a session's content in the model and says nothing.
api_request prefill_of(const session_content& content);

/// POST /v1/sessions/{id}/generate: a body as /v1/completions takes it, or
/// /v1/chat/completions for a conversation; the prompt is the session's.
parsed<api_request> parse_generate(std::string_view body,
                                   const request_limits& limits,
                                   const session_content& content);

} // namespace sluice::actors
