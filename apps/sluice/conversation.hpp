// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A conversation: keeps the history and has it answered. Used by `chat` and
// `ask`; knows no terminal, and not who answers.
#pragma once

#include "apps/sluice/answerer.hpp"

namespace sluice::apps {

/// Not thread-safe.
class conversation {
public:
  /// `cancelled` is asked while an answer comes; `who` must outlive it.
  conversation(answerer& who, chat_options options,
               answerer::question cancelled);

  /// Asks; text goes to `show` as it comes. A cancelled answer stays in the
  /// history as far as it came, an unanswered question does not. Throws
  /// std::runtime_error with the answerer's own message.
  answer_stats ask(const std::string& question, const answerer::on_text& show);

  /// Forgets everything but the system message.
  void reset();
  /// Sets the system message and forgets the rest.
  void set_system(std::string text);
  /// Questions and answers so far.
  std::size_t turns() const noexcept;

private:
  answerer& who_;
  chat_options options_;
  answerer::question cancelled_;
  std::vector<chat_message> messages_;
};

} // namespace sluice::apps
