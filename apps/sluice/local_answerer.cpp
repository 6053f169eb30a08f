// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/local_answerer.hpp"

#include <chrono>
#include <stdexcept>

namespace sluice::apps {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds cancel_check{20};

double seconds_since(clock::time_point start) {
  return std::chrono::duration<double>(clock::now() - start).count();
}

request to_request(const std::vector<chat_message>& messages,
                   const chat_options& options) {
  request out;
  out.messages = messages;
  out.sampling.temperature = options.temperature;
  out.sampling.seed = options.seed;
  out.max_tokens = options.max_tokens.value_or(0);
  return out;
}

void book(given_answer& to, const delta& piece) {
  to.text += piece.text;
  to.stats.completion_tokens = piece.completion_tokens;
  to.stats.prompt_tokens = piece.prompt_tokens;
  to.stats.finish = name(piece.finish);
}

} // namespace

given_answer local_answerer::answer(const std::vector<chat_message>& messages,
                                    const chat_options& options,
                                    const on_text& show,
                                    const question& cancelled) {
  given_answer out;
  const auto start = clock::now();
  auto stream = graph_.submit(to_request(messages, options));
  while (!stream.ended()) {
    if (cancelled()) {
      out.stats.finish = name(finish_reason::cancelled);
      break;
    }
    const auto piece = stream.next(cancel_check);
    if (!piece)
      continue;
    if (piece->finish == finish_reason::error)
      throw std::runtime_error(piece->error);
    if (out.text.empty() && !piece->text.empty())
      out.stats.first_token = seconds_since(start);
    book(out, *piece);
    show(piece->text);
  }
  out.stats.total = seconds_since(start);
  return out;
}

} // namespace sluice::apps
