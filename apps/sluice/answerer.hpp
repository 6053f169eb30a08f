// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Who answers in a conversation: a server over HTTP, or a runtime inside this
// process. Used by conversation; knows no terminal.
#pragma once

#include "sluice/request.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::apps {

/// What the user may set; unset fields are left to the answerer.
struct chat_options {
  std::string api_key; ///< of a server
  std::string model;   ///< of a server
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

struct given_answer {
  std::string text;
  answer_stats stats;
};

class answerer {
public:
  using on_text = std::function<void(std::string_view)>;
  using question = std::function<bool()>;

  virtual ~answerer() = default;
  /// Answers the last message; text goes to `show` as it comes. `cancelled` is
  /// asked meanwhile. Throws std::runtime_error with what a person can use.
  virtual given_answer answer(const std::vector<chat_message>& messages,
                              const chat_options& options, const on_text& show,
                              const question& cancelled) = 0;
};

} // namespace sluice::apps
