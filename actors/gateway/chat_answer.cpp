// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/chat_answer.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"
#include "actors/gateway/prompt_logprobs_json.hpp"
#include "actors/gateway/tool_calls_json.hpp"

namespace sluice::actors {

namespace {

void append_logprobs(std::string& items, const text_delta& delta) {
  for (const auto& token : delta.logprobs) {
    append_item(items, "");
    append_chat_logprob(items, token);
  }
}

} // namespace

chat_answer::chat_answer(const api_request& request, answer_stamp stamp)
    : openai_answer{request,
                    {"chatcmpl-", "chat.completion", "chat.completion.chunk"},
                    stamp},
      top_of_prompt_{request.prompt_logprobs}, choices_(tally().choices()) {}

std::string chat_answer::first_events() {
  std::string out;
  for (std::size_t i = 0; i < choices_.size(); ++i)
    out += event(i, "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}",
                 "null", finish_reason::none);
  return out;
}

std::string chat_answer::logprobs_json(const std::string& items) const {
  return has_logprobs() ? "{\"content\":[" + items + "],\"refusal\":null}"
                        : "null";
}

std::string chat_answer::say(std::size_t choice, const text_delta& delta) {
  if (streams())
    return events(choice, delta);
  if (top_of_prompt_ && !delta.prompt.empty())
    prompt_logprobs_ = prompt_logprobs_json(delta.prompt, *top_of_prompt_);
  auto& to = choices_[choice];
  to.text += delta.text;
  append_logprobs(to.logprobs, delta);
  join_tool_calls(to.calls, delta.calls);
  return {};
}

std::string chat_answer::events(std::size_t choice,
                                const text_delta& delta) const {
  std::string out;
  if (!delta.text.empty() || !delta.logprobs.empty()) {
    std::string text = "\"delta\":{\"content\":";
    append_quoted(text, delta.text);
    std::string logprobs;
    append_logprobs(logprobs, delta);
    out += event(choice, text += '}', logprobs_json(logprobs),
                 finish_reason::none);
  }
  if (!delta.calls.empty()) {
    std::string calls = "\"delta\":{\"tool_calls\":";
    append_tool_call_deltas(calls, delta.calls);
    out += event(choice, calls += '}', "null", finish_reason::none);
  }
  if (delta.finish != finish_reason::none)
    out += event(choice, "\"delta\":{}", "null", delta.finish);
  return out;
}

void chat_answer::append_more(std::string& out) const {
  if (!prompt_logprobs_.empty())
    out += ",\"prompt_logprobs\":" + prompt_logprobs_;
}

void chat_answer::append_said(std::string& out, std::size_t choice) const {
  const auto& from = choices_[choice];
  out += "\"message\":{\"role\":\"assistant\",\"content\":";
  if (from.text.empty() && !from.calls.empty())
    out += "null";
  else
    append_quoted(out, from.text);
  out += ",\"refusal\":null";
  if (!from.calls.empty())
    append_tool_calls(out += ",\"tool_calls\":", from.calls);
  out += "},\"logprobs\":" + logprobs_json(from.logprobs);
}

} // namespace sluice::actors
