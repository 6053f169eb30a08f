// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/completion_answer.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"

namespace sluice::actors {

namespace {

std::string text_field(std::string_view text) {
  std::string out = "\"text\":";
  append_quoted(out, text);
  return out;
}

} // namespace

completion_answer::completion_answer(const api_request& request,
                                     answer_stamp stamp)
    : openai_answer{request,
                    {"cmpl-", "text_completion", "text_completion"},
                    stamp},
      choices_(tally().choices()) {
  for (const auto& prompt : request.prompts)
    echo_.push_back(request.echo ? prompt.text : std::string{});
  if (!streams())
    for (std::size_t i = 0; i < choices_.size(); ++i)
      choices_[i].text = echo_[tally().prompt_of(i)];
}

std::string completion_answer::first_events() {
  std::string out;
  for (std::size_t i = 0; i < choices_.size(); ++i)
    if (const auto& echo = echo_[tally().prompt_of(i)]; !echo.empty())
      out += event(i, text_field(echo), "null", finish_reason::none);
  return out;
}

void completion_answer::append_logprobs(said& to, const text_delta& delta) {
  for (const auto& token : delta.logprobs) {
    append_item(to.tokens, "");
    append_quoted(to.tokens, completion_token(token.text));
    append_item(to.token_logprobs, "");
    append_logprob(to.token_logprobs, token.logprob);
    append_item(to.top_logprobs, "");
    append_completion_top(to.top_logprobs, token);
    append_item(to.offsets, std::to_string(to.characters));
    to.characters += count_characters(token.text);
  }
}

std::string completion_answer::logprobs_json(const said& from) const {
  if (!has_logprobs())
    return "null";
  return "{\"tokens\":[" + from.tokens + "],\"token_logprobs\":["
         + from.token_logprobs + "],\"top_logprobs\":[" + from.top_logprobs
         + "],\"text_offset\":[" + from.offsets + "]}";
}

std::string completion_answer::say(std::size_t choice,
                                   const text_delta& delta) {
  auto& to = choices_[choice];
  if (!streams()) {
    to.text += delta.text;
    append_logprobs(to, delta);
    return {};
  }
  said now;
  now.characters = to.characters;
  append_logprobs(now, delta);
  to.characters = now.characters;
  std::string out;
  if (!delta.text.empty() || !delta.logprobs.empty())
    out += event(choice, text_field(delta.text), logprobs_json(now),
                 finish_reason::none);
  if (delta.finish != finish_reason::none)
    out += event(choice, text_field(""), "null", delta.finish);
  return out;
}

void completion_answer::append_said(std::string& out,
                                    std::size_t choice) const {
  const auto& from = choices_[choice];
  out += text_field(from.text) + ",\"logprobs\":" + logprobs_json(from);
}

} // namespace sluice::actors
