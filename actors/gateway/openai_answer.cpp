// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/openai_answer.hpp"

#include "actors/gateway/json_text.hpp"
#include "transport/http/sse.hpp"

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

void append_finish(std::string& out, finish_reason reason) {
  out += ",\"finish_reason\":";
  if (const auto text = name(reason); text.empty())
    out += "null";
  else
    append_quoted(out, text);
}

} // namespace

openai_answer::openai_answer(const api_request& request, const title& title,
                             answer_stamp stamp)
    : answer_writer{request}, include_usage_{request.include_usage},
      logprobs_{request.logprobs}, head_{head(
                                       answer_id(title.id_prefix, stamp.id),
                                       title.object, stamp.created, request)},
      chunk_head_{head(answer_id(title.id_prefix, stamp.id), title.chunk_object,
                       stamp.created, request)} {}

std::string openai_answer::event(std::size_t choice, std::string_view said,
                                 std::string_view logprobs,
                                 finish_reason finish) const {
  auto out = chunk_head_;
  out += ",\"choices\":[{\"index\":" + std::to_string(choice) + ",";
  out.append(said).append(",\"logprobs\":").append(logprobs);
  append_finish(out, finish);
  out += "}]";
  if (include_usage_)
    out += ",\"usage\":null";
  return event_text(out += '}');
}

void openai_answer::append_usage(std::string& out) const {
  const auto prompt = tally().prompt_tokens();
  const auto completion = tally().completion_tokens();
  out += "\"usage\":{\"prompt_tokens\":" + std::to_string(prompt)
         + ",\"completion_tokens\":" + std::to_string(completion)
         + ",\"total_tokens\":" + std::to_string(prompt + completion)
         + ",\"prompt_tokens_details\":{\"cached_tokens\":"
         + std::to_string(tally().cached_tokens()) + "}}";
}

std::string openai_answer::last_events() {
  std::string out;
  if (include_usage_) {
    auto usage = chunk_head_ + ",\"choices\":[],";
    append_usage(usage);
    append_timings(usage += ",\"timings\":", tally().timings());
    out += event_text(usage += '}');
  }
  return out += event_text("[DONE]");
}

std::string openai_answer::error_events(const api_error& error) {
  return answer_writer::error_events(error) + event_text("[DONE]");
}

std::string openai_answer::body() const {
  auto out = head_ + ",\"choices\":[";
  for (std::size_t i = 0; i < tally().choices(); ++i) {
    out += i > 0 ? ",{" : "{";
    out += "\"index\":" + std::to_string(i) + ",";
    append_said(out, i);
    append_finish(out, tally()[i].finish);
    out += '}';
  }
  out += "],";
  append_usage(out);
  append_more(out);
  append_timings(out += ",\"timings\":", tally().timings());
  return out += '}';
}

} // namespace sluice::actors
