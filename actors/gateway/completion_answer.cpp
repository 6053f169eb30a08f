// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/completion_answer.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"

#include <utility>

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
      echoes_scores_{request.echo && request.logprobs},
      top_{request.sampling.top_logprobs},
      top_of_prompt_{request.prompt_logprobs}, choices_(tally().choices()),
      held_(tally().choices()) {
  for (const auto& prompt : request.prompts)
    prompts_.emplace_back().echo = request.echo ? prompt.text : std::string{};
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const auto& echo = prompts_[tally().prompt_of(i)].echo;
    choices_[i].characters = count_characters(echo);
    if (!streams())
      choices_[i].text = echo;
  }
}

std::string completion_answer::first_events() {
  std::string out;
  if (echoes_scores_)
    return out;
  for (std::size_t i = 0; i < choices_.size(); ++i)
    if (const auto& echo = prompts_[tally().prompt_of(i)].echo; !echo.empty())
      out += event(i, text_field(echo), "null", finish_reason::none);
  return out;
}

void completion_answer::append_logprobs(said& to, const text_delta& delta) {
  auto& lists = to.logprobs;
  for (const auto& token : delta.logprobs) {
    append_item(lists.tokens, "");
    append_quoted(lists.tokens, completion_token(token.text));
    append_item(lists.token_logprobs, "");
    append_logprob(lists.token_logprobs, token.logprob);
    append_item(lists.top_logprobs, "");
    append_completion_top(lists.top_logprobs, token);
    append_item(lists.offsets, std::to_string(to.characters));
    to.characters += count_characters(token.text);
  }
}

std::string completion_answer::logprobs_json(const logprob_lists& lists) const {
  if (!has_logprobs())
    return "null";
  return "{\"tokens\":[" + lists.tokens + "],\"token_logprobs\":["
         + lists.token_logprobs + "],\"top_logprobs\":[" + lists.top_logprobs
         + "],\"text_offset\":[" + lists.offsets + "]}";
}

// The lists with those of the echoed prompt before them.
std::string completion_answer::whole_logprobs(std::size_t choice) const {
  const auto& said = choices_[choice].logprobs;
  if (!echoes_scores_)
    return logprobs_json(said);
  const auto& before = prompts_[tally().prompt_of(choice)].scores;
  const auto join = [](const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? a + b : a + ',' + b;
  };
  return logprobs_json({join(before.tokens, said.tokens),
                        join(before.token_logprobs, said.token_logprobs),
                        join(before.top_logprobs, said.top_logprobs),
                        join(before.offsets, said.offsets)});
}

// What all choices of a prompt waited with, behind its echo.
std::string completion_answer::take_prompt(std::size_t prompt,
                                           const text_delta& delta) {
  auto& to = prompts_[prompt];
  to.scored = true;
  if (top_of_prompt_)
    to.prompt_logprobs = prompt_logprobs_json(delta.prompt, *top_of_prompt_);
  if (!echoes_scores_)
    return {};
  to.scores = echoed_logprobs(to.echo, delta.prompt, top_);
  std::string out;
  for (std::size_t i = 0; streams() && i < choices_.size(); ++i)
    if (tally().prompt_of(i) == prompt) {
      out +=
          event(i, text_field(to.echo), whole_logprobs(i), finish_reason::none);
      out += std::exchange(held_[i], {});
    }
  return out;
}

std::string completion_answer::say(std::size_t choice,
                                   const text_delta& delta) {
  std::string out;
  const auto prompt = tally().prompt_of(choice);
  if (!delta.prompt.empty())
    out = take_prompt(prompt, delta);
  if (!streams()) {
    choices_[choice].text += delta.text;
    append_logprobs(choices_[choice], delta);
    return {};
  }
  auto events_now = events(choice, delta);
  if (!echoes_scores_ || prompts_[prompt].scored)
    return out += events_now;
  held_[choice] += events_now;
  return out;
}

std::string completion_answer::events(std::size_t choice,
                                      const text_delta& delta) {
  said now;
  now.characters = choices_[choice].characters;
  append_logprobs(now, delta);
  choices_[choice].characters = now.characters;
  std::string out;
  if (!delta.text.empty() || !delta.logprobs.empty())
    out += event(choice, text_field(delta.text), logprobs_json(now.logprobs),
                 finish_reason::none);
  if (delta.finish != finish_reason::none)
    out += event(choice, text_field(""), "null", delta.finish);
  return out;
}

void completion_answer::append_said(std::string& out,
                                    std::size_t choice) const {
  out += text_field(choices_[choice].text)
         + ",\"logprobs\":" + whole_logprobs(choice);
  if (const auto& map = prompts_[tally().prompt_of(choice)].prompt_logprobs;
      !map.empty())
    out += ",\"prompt_logprobs\":" + map;
}

} // namespace sluice::actors
