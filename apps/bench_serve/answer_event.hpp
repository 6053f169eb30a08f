// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What one server-sent event of a streamed answer says to someone who only
// measures: did text come, was it the last, how many tokens were used. Pure.
#pragma once

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::apps {

/// The "usage" of an answer, in tokens.
struct token_usage {
  std::uint32_t prompt = 0;
  std::uint32_t completion = 0;
  std::uint32_t cached = 0; ///< of the prompt
};

struct answer_event {
  bool valid = false; ///< JSON in OpenAI's shape
  bool has_text = false;
  bool finished = false; ///< carries a finish_reason
  std::optional<token_usage> usage;
  std::string error; ///< the server's own words
};

/// Reads a chunk of /v1/chat/completions or /v1/completions.
answer_event read_answer_event(std::string_view data);

/// The message of an error body, or its beginning when it is something else.
std::string error_message(std::string_view body);

/// The "usage" object of an answer or event.
std::optional<token_usage> usage_of(const boost::json::object& answer);

} // namespace sluice::apps
