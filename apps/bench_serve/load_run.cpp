// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/load_run.hpp"

#include "apps/bench_serve/answer_event.hpp"
#include "transport/http/sse.hpp"

#include <algorithm>
#include <ctime>

namespace sluice::apps {

namespace http = transport::http;

namespace {

constexpr std::chrono::milliseconds tick_interval{50};
/// What a client waits after a failure, so that a dead server is not hammered.
constexpr std::chrono::milliseconds after_failure{100};
/// Refused connections in a row that mean the server is gone.
constexpr std::size_t refusals_at_end = 50;
constexpr std::size_t longest_error = 4096; // bytes kept of an error's body

double thread_cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

} // namespace

struct load_run::state {
  state(load_settings how, workload what)
      : settings{std::move(how)}, requests{std::move(what)},
        client{settings.server, settings.client} {}

  double now() const {
    return std::chrono::duration<double>(clock::now() - start).count();
  }
  void pull();
  bool all_busy() const;
  void advance();
  void ended(bool refused, bool good);
  bool done() const { return !pending && client.in_flight() + resting == 0; }
  void tick(const std::function<bool()>& interrupted,
            const std::function<void(const load_progress&)>& show);
  load_progress progress() const;
  void close_books(double cpu_at_start);

  load_settings settings;
  workload requests;
  http::async_client client;
  clock::time_point start;
  run_record record;
  std::optional<planned_request> pending; // the next one to leave
  bool timer_set = false;                 // for `pending`
  std::size_t pulled = 0;
  std::size_t resting = 0; // clients that wait after a failure
  std::size_t failed = 0;
  std::size_t refusals = 0; // in a row
};

/// One request and what came of it.
class load_run::flight : public http::answer_receiver {
public:
  flight(state& run, const planned_request& request)
      : run_{run}, events_{[this](std::string_view data) {
          return on_event(data);
        }} {
    sample_.sent = run.now();
    sample_.due = request.at.value_or(sample_.sent);
    sample_.prompt_wanted = request.prompt_tokens;
    sample_.output_wanted = request.output_tokens;
  }

  void on_head(const http::response& head) override { status_ = head.status; }
  bool on_bytes(std::string_view bytes) override {
    if (status_ == 200)
      return events_.push(bytes);
    error_.append(bytes.substr(0, longest_error - error_.size()));
    return true;
  }
  void on_end(http::call_end how, const std::string& why) override;

private:
  bool on_event(std::string_view data);
  void note_text();
  std::string failure(http::call_end how, const std::string& why);

  state& run_;
  http::event_reader events_;
  request_sample sample_;
  unsigned status_ = 0;
  std::string error_; // the server's words
  std::string kind_;  // of a failure found in the stream
  bool finished_ = false;
};

bool load_run::flight::on_event(std::string_view data) {
  if (data == "[DONE]") {
    finished_ = true;
    return true;
  }
  const auto event = read_answer_event(data);
  if (!event.error.empty()) {
    kind_ = "error in the stream";
    error_ = event.error;
    return true;
  }
  if (!event.valid && !event.usage) {
    kind_ = "not OpenAI's shape";
    error_ = data.substr(0, 200);
    return false;
  }
  finished_ = finished_ || event.finished;
  if (event.has_text)
    note_text();
  if (event.usage) {
    sample_.prompt_tokens = event.usage->prompt;
    sample_.cached_tokens = event.usage->cached;
    sample_.output_tokens = event.usage->completion;
  }
  return true;
}

void load_run::flight::note_text() {
  const double now = run_.now();
  if (sample_.pieces++ == 0) {
    sample_.first = now;
  } else {
    const double gap = now - sample_.last;
    run_.record.gaps.push_back(static_cast<float>(gap));
    sample_.longest_gap = std::max(sample_.longest_gap, gap);
  }
  sample_.last = now;
  auto& ticks = run_.record.pieces_per_tick;
  const auto tick = static_cast<std::size_t>(now / tick_seconds);
  if (tick >= ticks.size())
    ticks.resize(tick + 1);
  ++ticks[tick];
}

/// The kind of failure, and error_ says more; empty for a good answer.
std::string load_run::flight::failure(http::call_end how,
                                      const std::string& why) {
  if (!kind_.empty())
    return kind_;
  if (how == http::call_end::done && status_ != 200) {
    error_ = error_message(error_);
    return "HTTP " + std::to_string(status_);
  }
  error_ = why;
  switch (how) {
  case http::call_end::not_connected:
    return "no connection";
  case http::call_end::timed_out:
    return "timeout";
  case http::call_end::broken_off:
    return "broken off";
  default:
    break;
  }
  if (sample_.pieces != 0 && finished_)
    return {};
  error_ = sample_.pieces == 0 ? "the answer held no text"
                               : "the stream ended without a finish reason";
  return "no whole answer";
}

void load_run::flight::on_end(http::call_end how, const std::string& why) {
  auto& record = run_.record;
  if (how == http::call_end::stopped) {
    ++record.unfinished;
    return;
  }
  const auto kind = failure(how, why);
  sample_.end = run_.now();
  if (sample_.output_tokens == 0)
    sample_.output_tokens = sample_.pieces;
  if (kind.empty())
    record.answered.push_back(sample_);
  else
    record.add_failure(kind, error_);
  run_.ended(how == http::call_end::not_connected, kind.empty());
}

/// Makes the next request `pending`, if there is to be one.
void load_run::state::pull() {
  pending.reset();
  if (settings.requests != 0 && pulled == settings.requests)
    return;
  pending = requests.next();
  if (pending && pending->at.value_or(now()) < settings.duration)
    ++pulled;
  else
    pending.reset();
}

bool load_run::state::all_busy() const {
  return settings.concurrency != 0
         && client.in_flight() + resting >= settings.concurrency;
}

/// Sends whatever may leave now and sets a timer for what is due later.
void load_run::state::advance() {
  while (pending && !timer_set && !all_busy()) {
    const double at = pending->at.value_or(0);
    if (at > now()) {
      timer_set = true;
      const auto due = start
                       + std::chrono::duration_cast<clock::duration>(
                           std::chrono::duration<double>(at));
      client.at(due, [this] {
        timer_set = false;
        advance();
      });
      return;
    }
    ++record.sent;
    client.start("POST", settings.target, pending->body, settings.headers,
                 std::make_shared<flight>(*this, *pending));
    pull();
  }
}

void load_run::state::ended(bool refused, bool good) {
  record.elapsed = now();
  failed += good ? 0 : 1;
  refusals = refused ? refusals + 1 : 0;
  if (refusals >= std::max(refusals_at_end, 2 * settings.concurrency)) {
    record.gave_up = "the server takes no connections any more";
    pending.reset();
    return client.stop();
  }
  if (good) {
    advance();
  } else {
    ++resting;
    client.at(clock::now() + after_failure, [this] {
      --resting;
      advance();
      if (done())
        client.stop();
    });
  }
  if (done())
    client.stop();
}

load_progress load_run::state::progress() const {
  const auto& ticks = record.pieces_per_tick;
  const auto lately = std::min<std::size_t>(10, ticks.size());
  double pieces = 0;
  for (std::size_t i = ticks.size() - lately; i < ticks.size(); ++i)
    pieces += ticks[i];
  return {now(), record.answered.size(), failed, client.in_flight(),
          lately > 0 ? pieces / (static_cast<double>(lately) * tick_seconds)
                     : 0};
}

void load_run::state::tick(
    const std::function<bool()>& interrupted,
    const std::function<void(const load_progress&)>& show) {
  show(progress());
  if (interrupted()) {
    record.interrupted = true;
    record.elapsed = now();
    return client.stop();
  }
  if (!done())
    client.at(clock::now() + tick_interval,
              [this, &interrupted, &show] { tick(interrupted, show); });
}

void load_run::state::close_books(double cpu_at_start) {
  record.generator_cpu = thread_cpu_seconds() - cpu_at_start;
  record.connections = client.connections_opened();
  record.repeated = client.calls_repeated();
}

load_run::load_run(load_settings settings, workload requests)
    : state_{
        std::make_unique<state>(std::move(settings), std::move(requests))} {}

load_run::~load_run() = default;

run_record
load_run::run(const std::function<bool()>& interrupted,
              const std::function<void(const load_progress&)>& show) {
  auto& self = *state_;
  self.start = clock::now();
  const double cpu = thread_cpu_seconds();
  self.pull();
  self.advance();
  self.tick(interrupted, show);
  self.client.run();
  self.close_books(cpu);
  return std::move(self.record);
}

} // namespace sluice::apps
