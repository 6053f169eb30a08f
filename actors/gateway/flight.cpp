// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/flight.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice::actors {

namespace {

using seconds = std::chrono::duration<double>;

constexpr std::size_t read_together = 32;

finished label_of(finish_reason reason) {
  switch (reason) {
  case finish_reason::stop:
  case finish_reason::tool_calls:
    return finished::stop;
  case finish_reason::length:
    return finished::length;
  default:
    return finished::abort;
  }
}

} // namespace

flight::flight(submission from, request_id first, std::int64_t created,
               model_metrics& model, door_metrics& door)
    : from_{std::move(from)}, first_{first}, answer_{make_answer_writer(
                                                 from_.what,
                                                 {from_.id, created})},
      model_{&model}, door_{&door}, ended_(tally().choices()),
      latest_(tally().choices()) {}

std::size_t most_asked(const api_request& what) noexcept {
  const auto choices = what.prompts.size() * what.choices;
  return what.prefill_only ? std::min(choices, read_together) : choices;
}

std::optional<request> flight::next_request() {
  if (done_ || asked_ == choices()
      || asked_ - finished_ == most_asked(from_.what))
    return std::nullopt;
  const auto index = asked_++;
  return to_request(from_.what, index, first_ + index, from_.deadline);
}

request to_request(const api_request& what, std::size_t index, request_id id,
                   instant deadline) {
  const auto& prompt = what.prompts[index / what.choices];
  request out;
  out.id = id;
  out.deadline = deadline;
  out.tenant = what.tenant;
  out.messages = what.messages;
  out.tools = what.tools;
  out.template_options = what.template_options;
  out.must_call = what.must_call;
  out.parallel_calls = what.parallel_calls;
  if (prompt.tokens.empty())
    out.text = prompt.text; // else what an echo shows
  out.tokens = prompt.tokens;
  // Once for all choices of a prompt.
  if (index % what.choices == 0)
    out.reading = what.reading;
  out.sampling = what.sampling;
  out.sampling.stream = index % what.choices;
  if (what.choices > 1)
    out.group = id - index % what.choices;
  out.cache_salt = what.cache_salt;
  out.priority = what.priority;
  out.output.max_tokens = what.max_tokens;
  out.output.stop = what.stop;
  out.output.logprobs = what.logprobs;
  out.output.specials = what.specials;
  out.output.min_tokens = what.sampling.min_tokens;
  out.session = what.session;
  out.prefill_only = what.prefill_only;
  return out;
}

void flight::show(std::vector<busy_slot>& to) const {
  for (std::size_t i = 0; i < asked_; ++i)
    if (!ended_[i])
      to.push_back(
          {first_ + i, &from_.what, tally().prompt_tokens_of(i), tally()[i]});
}

void flight::begin() {
  if (begun_ || done_)
    return;
  begun_ = true;
  if (!from_.what.stream)
    return;
  from_.client->begin_stream(200, {{"Content-Type", "text/event-stream"},
                                   {"Cache-Control", "no-cache"},
                                   {"X-Accel-Buffering", "no"}});
  if (const auto text = answer_->first_events(); !text.empty())
    from_.client->write(text);
}

void flight::accepted(request_id id, std::uint32_t prompt_tokens) {
  if (done_)
    return;
  answer_->tally().prompt_tokens(id - first_, prompt_tokens);
  // Before that a refusal can still have its own status.
  if (++accepted_ == choices())
    begin();
}

void flight::first_text(time_point now) {
  if (first_text_ != time_point{})
    return;
  first_text_ = now;
  model_->time_to_first_token.observe(seconds{now - from_.arrived}.count());
}

void flight::delta(const text_delta& delta, time_point now) {
  const auto choice = static_cast<std::size_t>(delta.id - first_);
  if (done_ || ended_[choice])
    return;
  if (delta.finish == finish_reason::error)
    return fail(to_api_error(delta.code, delta.error), now);
  if (delta.finish == finish_reason::cancelled)
    return fail(to_api_error(errc::cancelled, {}), now);
  begin();
  if (delta.completion_tokens > 0 || !delta.text.empty()) {
    first_text(now);
    if (latest_[choice] != time_point{})
      model_->inter_token_latency.observe(
          seconds{now - latest_[choice]}.count());
    latest_[choice] = now;
  }
  if (const auto text = answer_->push(choice, delta); !text.empty())
    from_.client->write(text);
  if (const auto wrong = answer_->wrong())
    return fail(*wrong, now);
  if (delta.finish == finish_reason::none)
    return;
  ended_[choice] = true;
  ++finished_;
  count_end(choice);
  if (std::all_of(ended_.begin(), ended_.end(), [](bool e) { return e; }))
    finish(now);
}

void flight::count_end(std::size_t choice) {
  const auto& said = tally()[choice];
  const auto label = static_cast<std::size_t>(label_of(said.finish));
  model_->request_success[label].add();
  model_->request_generation_tokens.observe(said.completion_tokens);
}

// Before the client hears of the end: its next call must find the session free.
void flight::end_lease(bool succeeded) {
  if (from_.lease && succeeded && from_.what.prefill_only)
    from_.lease->keep();
  from_.lease.reset();
}

void flight::finish(time_point now) {
  done_ = true;
  end_lease(true);
  if (from_.what.stream) {
    from_.client->write(answer_->last_events());
    from_.client->end();
  } else {
    from_.client->respond(
        {200, {{"Content-Type", "application/json"}}, answer_->body()});
  }
  model_->e2e_latency.observe(seconds{now - from_.arrived}.count());
  model_->request_prompt_tokens.observe(tally().prompt_tokens());
  model_->request_choices.observe(from_.what.choices);
  if (from_.what.max_tokens > 0)
    model_->request_max_tokens.observe(from_.what.max_tokens);
  const auto tokens = tally().completion_tokens();
  if (tokens > choices() && first_text_ != time_point{})
    model_->time_per_output_token.observe(
        seconds{now - first_text_}.count() * static_cast<double>(choices())
        / static_cast<double>(tokens - choices()));
}

void flight::fail(const api_error& error, time_point now) {
  if (done_)
    return;
  done_ = true;
  end_lease(false);
  status_ = error.status;
  if (error.status == 504)
    door_->deadlines_missed.add();
  if (begun_ && from_.what.stream) {
    from_.client->write(answer_->error_events(error));
    from_.client->end();
  } else {
    from_.client->respond(to_response(error));
  }
  for (std::size_t i = 0; i < choices(); ++i)
    if (!ended_[i])
      count_end(i);
  model_->e2e_latency.observe(seconds{now - from_.arrived}.count());
}

void flight::gone() {
  if (done_)
    return;
  done_ = true;
  end_lease(false);
  status_ = 499; // the log's usual word for a client that left
  for (std::size_t i = 0; i < choices(); ++i)
    if (!ended_[i])
      count_end(i);
}

std::vector<request_id> flight::unfinished() const {
  std::vector<request_id> out;
  for (std::size_t i = 0; i < asked_; ++i)
    if (!ended_[i])
      out.push_back(first_ + i);
  return out;
}

std::string flight::summary(time_point now) const {
  const auto ms = [&](time_point until) {
    return until == time_point{} ? -1.0
                                 : seconds{until - from_.arrived}.count() * 1e3;
  };
  std::array<char, 512> text;
  const int n = std::snprintf(
      text.data(), text.size(),
      "POST %s %u%s choices=%zu prompt=%u generated=%u ttft=%.1fms "
      "total=%.1fms id=%s",
      from_.path.c_str(), status_, from_.what.stream ? " stream" : "",
      choices(), tally().prompt_tokens(), tally().completion_tokens(),
      ms(first_text_), ms(now), from_.request_id.c_str());
  return {text.data(),
          std::min(text.size() - 1, static_cast<std::size_t>(std::max(n, 0)))};
}

} // namespace sluice::actors
