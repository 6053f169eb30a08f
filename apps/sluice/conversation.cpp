// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/conversation.hpp"

namespace sluice::apps {

double answer_stats::tokens_per_second() const {
  return completion_tokens > 1 ? (completion_tokens - 1) / (total - first_token)
                               : 0.0;
}

conversation::conversation(answerer& who, chat_options options,
                           answerer::question cancelled)
    : who_{who}, options_{std::move(options)}, cancelled_{
                                                   std::move(cancelled)} {
  reset();
}

answer_stats conversation::ask(const std::string& question,
                               const answerer::on_text& show) {
  messages_.push_back({"user", question});
  try {
    auto given = who_.answer(messages_, options_, show, cancelled_);
    messages_.push_back({"assistant", std::move(given.text)});
    return given.stats;
  } catch (...) {
    messages_.pop_back();
    throw;
  }
}

void conversation::reset() {
  messages_.clear();
  if (!options_.system.empty())
    messages_.push_back({"system", options_.system});
}

void conversation::set_system(std::string text) {
  options_.system = std::move(text);
  reset();
}

std::size_t conversation::turns() const noexcept {
  return (messages_.size() - (options_.system.empty() ? 0 : 1)) / 2;
}

} // namespace sluice::apps
