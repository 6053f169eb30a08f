// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/responses_answer.hpp"

#include "actors/gateway/json_text.hpp"

namespace sluice::actors {

responses_answer::responses_answer(const api_request& request,
                                   answer_stamp stamp)
    : answer_writer{request}, events_{request.stream}, items_{stamp.id} {
  head_ = "{\"id\":";
  append_quoted(head_, answer_id("resp_", stamp.id));
  head_ +=
      R"(,"object":"response","created_at":)" + std::to_string(stamp.created);
  tail_ = ",\"model\":";
  append_quoted(tail_, request.model);
  if (!request.repeated.empty())
    tail_ += "," + request.repeated;
}

std::string responses_answer::usage() const {
  const auto prompt = tally().prompt_tokens();
  const auto completion = tally().completion_tokens();
  return "{\"input_tokens\":" + std::to_string(prompt)
         + ",\"input_tokens_details\":{\"cached_tokens\":"
         + std::to_string(tally().cached_tokens())
         + "},\"output_tokens\":" + std::to_string(completion)
         + R"(,"output_tokens_details":{"reasoning_tokens":0})"
         + ",\"total_tokens\":" + std::to_string(prompt + completion) + "}";
}

std::string responses_answer::response(std::string_view status,
                                       std::string_view error) const {
  auto out = head_ + ",\"status\":";
  append_quoted(out, status);
  out.append(",\"error\":").append(error).append(",\"incomplete_details\":");
  out += status == "incomplete" ? R"({"reason":"max_output_tokens"})" : "null";
  out += ",\"output\":" + items_.json() + ",\"usage\":";
  if (status != "completed" && status != "incomplete")
    return out + "null" + tail_ + "}";
  out += usage();
  append_timings(out += ",\"timings\":", tally().timings());
  return out + tail_ + "}";
}

std::string_view responses_answer::status() const {
  return tally()[0].finish == finish_reason::length ? "incomplete"
                                                    : "completed";
}

std::string responses_answer::say(std::size_t, const text_delta& delta) {
  items_.take(delta, events_);
  if (delta.finish != finish_reason::none)
    items_.end(delta.finish == finish_reason::length, events_);
  return events_.take();
}

std::string responses_answer::first_events() {
  const auto now = "\"response\":" + response("in_progress", "null");
  events_.add("response.created", now);
  events_.add("response.in_progress", now);
  return events_.take();
}

std::string responses_answer::last_events() {
  const std::string how{status()};
  events_.add("response." + how, "\"response\":" + response(how, "null"));
  return events_.take();
}

std::string responses_answer::error_events(const api_error& error) {
  std::string what = error.status == 429 ? R"({"code":"rate_limit_exceeded")"
                                         : R"({"code":"server_error")";
  append_quoted(what += ",\"message\":", error.message);
  events_.add("response.failed",
              "\"response\":" + response("failed", what += '}'));
  return events_.take();
}

std::string responses_answer::body() const {
  return response(status(), "null");
}

} // namespace sluice::actors
