// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/answer.hpp"

#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"
#include "actors/gateway/tool_calls_json.hpp"
#include "transport/http/sse.hpp"

#include <numeric>

namespace sluice::actors {

using transport::http::event_text;

namespace {

std::string head(std::string_view id, std::string_view object,
                 std::int64_t created, const api_request& request) {
  std::string out = "{\"id\":";
  append_quoted(out, id);
  out += ",\"object\":";
  append_quoted(out, object);
  out += ",\"created\":" + std::to_string(created) + ",\"model\":";
  append_quoted(out, request.model);
  if (!request.fingerprint.empty()) {
    out += ",\"system_fingerprint\":";
    append_quoted(out, request.fingerprint);
  }
  return out;
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty())
    list += ',';
  list += item;
}

void append_finish(std::string& out, finish_reason reason) {
  out += ",\"finish_reason\":";
  if (const auto text = name(reason); text.empty())
    out += "null";
  else
    append_quoted(out, text);
}

} // namespace

std::string_view name(finish_reason reason) noexcept {
  switch (reason) {
  case finish_reason::stop:
    return "stop";
  case finish_reason::length:
    return "length";
  case finish_reason::tool_calls:
    return "tool_calls";
  default:
    return "";
  }
}

answer_writer::answer_writer(const api_request& request, std::string id,
                             std::int64_t created)
    : chat_{request.kind == endpoint::chat}, stream_{request.stream},
      include_usage_{request.include_usage}, logprobs_{request.logprobs},
      per_prompt_{request.choices}, head_{head(id,
                                               chat_ ? "chat.completion"
                                                     : "text_completion",
                                               created, request)},
      chunk_head_{head(id, chat_ ? "chat.completion.chunk" : "text_completion",
                       created, request)},
      echoes_scores_{request.echo && request.logprobs},
      top_logprobs_{request.sampling.top_logprobs},
      prompt_logprobs_{request.prompt_logprobs},
      echoed_(request.prompts.size()), prompt_maps_(request.prompts.size()),
      held_(request.prompts.size() * request.choices),
      prompt_tokens_(request.prompts.size()),
      cached_tokens_(request.prompts.size()),
      choices_(request.prompts.size() * request.choices) {
  for (const auto& prompt : request.prompts)
    echo_.push_back(request.echo ? prompt.text : std::string{});
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const auto& echo = echo_[i / per_prompt_];
    choices_[i].characters = count_characters(echo);
    if (!stream_)
      choices_[i].text = echo;
  }
}

std::uint32_t answer_writer::completion_tokens() const noexcept {
  return std::accumulate(choices_.begin(), choices_.end(), 0u,
                         [](std::uint32_t sum, const choice_text& c) {
                           return sum + c.completion_tokens;
                         });
}

void answer_writer::prompt_tokens(std::size_t choice, std::uint32_t count) {
  prompt_tokens_[choice / per_prompt_] = count;
}

std::uint32_t answer_writer::prompt_tokens() const noexcept {
  return std::accumulate(prompt_tokens_.begin(), prompt_tokens_.end(), 0u);
}

// Its sister choices find it all: only the first one tells of earlier requests.
void answer_writer::cached_tokens(std::size_t choice, std::uint32_t count) {
  if (choice % per_prompt_ == 0)
    cached_tokens_[choice / per_prompt_] = count;
}

std::uint32_t answer_writer::cached_tokens() const noexcept {
  return std::accumulate(cached_tokens_.begin(), cached_tokens_.end(), 0u);
}

std::string answer_writer::event(std::size_t choice, std::string_view delta,
                                 std::string_view logprobs,
                                 finish_reason finish) const {
  auto out = chunk_head_;
  out += ",\"choices\":[{\"index\":" + std::to_string(choice) + ",";
  out.append(delta).append(",\"logprobs\":").append(logprobs);
  append_finish(out, finish);
  out += "}]";
  if (include_usage_)
    out += ",\"usage\":null";
  return event_text(out += '}');
}

std::string answer_writer::first_events() const {
  std::string out;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (chat_) {
      out += event(i, "\"delta\":{\"role\":\"assistant\",\"content\":\"\"}",
                   "null", finish_reason::none);
    } else if (const auto& echo = echo_[i / per_prompt_];
               !echo.empty() && !echoes_scores_) {
      std::string text = "\"text\":";
      append_quoted(text, echo);
      out += event(i, text, "null", finish_reason::none);
    }
  }
  return out;
}

void answer_writer::book(choice_text& to, const text_delta& delta) {
  to.text += delta.text;
  to.completion_tokens =
      std::max(to.completion_tokens, delta.completion_tokens);
  if (delta.finish != finish_reason::none) {
    to.finish = delta.finish;
    times_.queued = std::max(times_.queued, delta.times.queued);
    times_.prefill = std::max(times_.prefill, delta.times.prefill);
    times_.decode = std::max(times_.decode, delta.times.decode);
  }
  join_tool_calls(to.calls, delta.calls);
  for (const auto& token : delta.logprobs) {
    if (chat_) {
      append_item(to.logprobs, "");
      append_chat_logprob(to.logprobs, token);
      continue;
    }
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

std::string answer_writer::logprobs_json(const choice_text& from) const {
  if (!logprobs_)
    return "null";
  if (chat_)
    return "{\"content\":[" + from.logprobs + "],\"refusal\":null}";
  return "{\"tokens\":[" + from.tokens + "],\"token_logprobs\":["
         + from.token_logprobs + "],\"top_logprobs\":[" + from.top_logprobs
         + "],\"text_offset\":[" + from.offsets + "]}";
}

// The lists with those of the echoed prompt before them.
std::string answer_writer::whole_logprobs(std::size_t choice) const {
  const auto& said = choices_[choice];
  if (!echoes_scores_)
    return logprobs_json(said);
  const auto& echoed = echoed_[choice / per_prompt_];
  choice_text all;
  const auto join = [](const std::string& a, const std::string& b) {
    return a.empty() || b.empty() ? a + b : a + ',' + b;
  };
  all.tokens = join(echoed.tokens, said.tokens);
  all.token_logprobs = join(echoed.token_logprobs, said.token_logprobs);
  all.top_logprobs = join(echoed.top_logprobs, said.top_logprobs);
  all.offsets = join(echoed.offsets, said.offsets);
  return logprobs_json(all);
}

// What all choices of a prompt waited with, behind its echo.
std::string answer_writer::take_prompt(std::size_t prompt,
                                       const text_delta& delta) {
  if (prompt_logprobs_)
    prompt_maps_[prompt] =
        prompt_logprobs_json(delta.prompt, *prompt_logprobs_);
  if (!echoes_scores_)
    return {};
  echoed_[prompt] = echoed_logprobs(echo_[prompt], delta.prompt, top_logprobs_);
  std::string out;
  std::string text = "\"text\":";
  append_quoted(text, echo_[prompt]);
  const auto first = prompt * per_prompt_;
  for (auto i = first; stream_ && i < first + per_prompt_; ++i) {
    out += event(i, text, whole_logprobs(i), finish_reason::none);
    out += std::exchange(held_[i], {});
  }
  return out;
}

std::string answer_writer::push(std::size_t choice, const text_delta& delta) {
  std::string out;
  const auto prompt = choice / per_prompt_;
  if (!delta.prompt.empty())
    out = take_prompt(prompt, delta);
  if (!stream_) {
    book(choices_[choice], delta);
    return {};
  }
  auto events = events_of(choice, delta);
  if (!echoes_scores_ || !echoed_[prompt].tokens.empty())
    return out += events;
  held_[choice] += events;
  return out;
}

std::string answer_writer::events_of(std::size_t choice,
                                     const text_delta& delta) {
  auto& to = choices_[choice];
  // A stream forgets what it has sent; only counters and offsets stay.
  choice_text now;
  now.characters = to.characters;
  book(now, delta);
  to.characters = now.characters;
  to.completion_tokens = std::max(to.completion_tokens, now.completion_tokens);
  to.finish = delta.finish;
  std::string out;
  std::string text = chat_ ? "\"delta\":{\"content\":" : "\"text\":";
  append_quoted(text, delta.text);
  if (chat_)
    text += '}';
  if (!delta.text.empty() || !delta.logprobs.empty())
    out += event(choice, text, logprobs_json(now), finish_reason::none);
  if (!delta.calls.empty()) {
    std::string calls = "\"delta\":{\"tool_calls\":";
    append_tool_call_deltas(calls, delta.calls);
    out += event(choice, calls += '}', "null", finish_reason::none);
  }
  if (delta.finish != finish_reason::none)
    out += event(choice, chat_ ? "\"delta\":{}" : "\"text\":\"\"", "null",
                 delta.finish);
  return out;
}

void answer_writer::append_usage(std::string& out) const {
  const auto prompt = prompt_tokens();
  const auto completion = completion_tokens();
  out += "\"usage\":{\"prompt_tokens\":" + std::to_string(prompt)
         + ",\"completion_tokens\":" + std::to_string(completion)
         + ",\"total_tokens\":" + std::to_string(prompt + completion)
         + ",\"prompt_tokens_details\":{\"cached_tokens\":"
         + std::to_string(cached_tokens()) + "}}";
}

request_timings answer_writer::timings() const {
  const auto cached = cached_tokens();
  return {cached, prompt_tokens() - std::min(cached, prompt_tokens()),
          completion_tokens(), times_};
}

std::string answer_writer::last_events() const {
  std::string out;
  if (include_usage_) {
    auto usage = chunk_head_ + ",\"choices\":[],";
    append_usage(usage);
    append_timings(usage += ",\"timings\":", timings());
    out += event_text(usage += '}');
  }
  return out += event_text("[DONE]");
}

std::string answer_writer::error_events(const api_error& error) {
  return event_text(to_json(error)) + event_text("[DONE]");
}

// "message":{...} or "text":...
void answer_writer::append_message(std::string& out,
                                   const choice_text& from) const {
  out +=
      chat_ ? "\"message\":{\"role\":\"assistant\",\"content\":" : "\"text\":";
  if (from.text.empty() && !from.calls.empty())
    out += "null";
  else
    append_quoted(out, from.text);
  if (!chat_)
    return;
  out += ",\"refusal\":null";
  if (!from.calls.empty())
    append_tool_calls(out += ",\"tool_calls\":", from.calls);
  out += '}';
}

void answer_writer::append_choice(std::string& out, std::size_t index) const {
  const auto& from = choices_[index];
  out += "{\"index\":" + std::to_string(index) + ",";
  append_message(out, from);
  out += ",\"logprobs\":" + whole_logprobs(index);
  if (const auto& map = prompt_maps_[index / per_prompt_];
      !chat_ && !map.empty())
    out += ",\"prompt_logprobs\":" + map;
  append_finish(out, from.finish);
  out += '}';
}

std::string answer_writer::session_body(std::string_view session) const {
  std::string out = "{\"id\":";
  append_quoted(out, session);
  out +=
      ",\"object\":\"session\",\"tokens\":" + std::to_string(prompt_tokens());
  out += ",\"cached_tokens\":" + std::to_string(cached_tokens());
  return out += '}';
}

std::string answer_writer::body() const {
  auto out = head_ + ",\"choices\":[";
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (i > 0)
      out += ',';
    append_choice(out, i);
  }
  out += "],";
  append_usage(out);
  if (chat_ && !prompt_maps_.front().empty())
    out += ",\"prompt_logprobs\":" + prompt_maps_.front();
  append_timings(out += ",\"timings\":", timings());
  return out += '}';
}

} // namespace sluice::actors
