// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A conversation with a server's /v1/chat/completions: keeps the history,
// streams the answer, measures it. Used by `chat` and `ask`; knows no terminal.
#pragma once

#include "transport/http/client.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::apps {

/// What the user may set; unset fields are left to the server.
struct chat_options {
  std::string api_key;
  std::string model;
  std::string system;
  std::optional<double> temperature;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint32_t> max_tokens;
};

/// How an answer came. Times in seconds from the question.
struct answer_stats {
  double first_token = 0;
  double total = 0;
  std::uint32_t prompt_tokens = 0;
  std::uint32_t completion_tokens = 0;
  std::string finish; ///< "stop", "length", or "cancelled"

  /// Tokens per second after the first one; 0 for shorter answers.
  double tokens_per_second() const;
};

/// Not thread-safe.
class conversation {
public:
  using on_text = std::function<void(std::string_view)>;

  /// `cancelled` is asked while an answer streams.
  conversation(const transport::address& server, chat_options options,
               std::function<bool()> cancelled);

  /// Asks; text goes to `show` as it comes. A cancelled answer stays in the
  /// history as far as it came, an unanswered question does not. Throws
  /// transport::http::http_error with the server's own message.
  answer_stats ask(const std::string& question, const on_text& show);

  /// Forgets everything but the system message.
  void reset();
  /// Sets the system message and forgets the rest.
  void set_system(std::string text);
  /// Questions and answers so far.
  std::size_t turns() const noexcept;

private:
  std::string body() const;
  transport::http::header_list headers() const;

  chat_options options_;
  std::function<bool()> cancelled_;
  transport::http::client client_;
  boost::json::array messages_;
};

} // namespace sluice::apps
