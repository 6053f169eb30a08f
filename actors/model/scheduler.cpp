// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/scheduler.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <unordered_set>

namespace sluice::actors {

scheduler_state::scheduler_state(model_actor::pointer self) : self{self} {}

// A killed scheduler takes its stages along.
scheduler_state::~scheduler_state() {
  if (stop_loading)
    *stop_loading = true;
  for (const auto& one : stages)
    caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
}

void scheduler_state::begin(scheduler_settings given) {
  settings = std::move(given);
  batches = std::make_unique<batch_scheduler>(
      settings.limits, settings.end_tokens, settings.identity);
  stop_loading = std::make_shared<std::atomic<bool>>(false);
  progress.resize(settings.stages);
  stages.resize(settings.stages);
  // From the last to the first, so that each knows its successor.
  for (auto index = settings.stages; index-- > 0;) {
    stage_settings one;
    one.index = index;
    one.load = settings.load;
    one.end_tokens = settings.end_tokens;
    one.grammars = settings.grammars;
    if (index + 1 < settings.stages)
      one.next = stages[index + 1];
    one.scheduler = model_actor{self};
    one.stop = stop_loading;
    stages[index] = settings.detached_stages
                        ? self->spawn<caf::detached>(stage, std::move(one))
                        : self->spawn(stage, std::move(one));
    self->monitor(stages[index]);
  }
  if (settings.load_draft)
    begin_draft();
}

// The draft stage comes before the first one and is listed last.
void scheduler_state::begin_draft() {
  stage_settings one;
  one.index = settings.stages++;
  one.load = settings.load_draft;
  one.drafts = true;
  one.next = stages.front();
  one.scheduler = model_actor{self};
  one.stop = stop_loading;
  stages.push_back(settings.detached_stages
                       ? self->spawn<caf::detached>(stage, std::move(one))
                       : self->spawn(stage, std::move(one)));
  self->monitor(stages.back());
  progress.resize(settings.stages);
}

caf::result<accepted> scheduler_state::take(prompt& wish) {
  if (exit)
    return make_error(errc::shutting_down, "the model stops");
  if (!failure.empty())
    return make_error(errc::model_failed, failure);
  if (wish.reading.kind == device::reading_kind::embedding) {
    if (settings.pooling == device::reading_kind::none)
      return make_error(errc::bad_request,
                        "model '" + settings.name + "' makes no embeddings");
    wish.reading.kind = settings.pooling;
  }
  const auto length = static_cast<std::uint32_t>(wish.tokens.size());
  const auto refused = batches->submit(
      {wish.id, wish.deadline, std::move(wish.tokens), wish.output.max_tokens,
       std::move(wish.sampling), std::move(wish.session),
       std::move(wish.cache_salt), wish.priority, wish.prefill_only,
       std::move(wish.tenant), wish.group, wish.reading},
      settings.now());
  if (refused)
    return make_error(refused->code, refused->text, refused->retry_seconds);
  times.arrived(wish.id, settings.now());
  self->send(settings.answers,
             generation{wish.id, length, std::move(wish.output)});
  pump();
  watch_deadlines();
  count();
  return accepted{wish.id, length};
}

void scheduler_state::progressed(const load_progress& msg) {
  progress[msg.stage] = msg;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  for (const auto& one : progress) {
    done += one.done;
    total += one.total;
  }
  settings.state->progress(settings.slot, done, total);
  settle();
}

void scheduler_state::loaded(const stage_loaded& msg) {
  if (exit || !failure.empty())
    return;
  if (!msg.error.empty()) {
    fail(errc::model_failed, "stage " + std::to_string(msg.stage)
                                 + " of model '" + settings.name
                                 + "' did not load: " + msg.error);
    return;
  }
  // A draft stage, which is the last of them, keeps no blocks.
  if (!settings.load_draft || msg.stage + 1 < settings.stages)
    note_stored(msg.stored);
  if (++stages_loaded == settings.stages) {
    batches->know_stored(*stored);
    stored.reset();
    pump();
    settle();
  }
}

void scheduler_state::settle() {
  const auto in = [](const auto& one) { return one.done == one.total; };
  if (all_in || stages_loaded < settings.stages || exit || !failure.empty()
      || !std::ranges::all_of(progress, in))
    return;
  all_in = true;
  meter.forget();
  settings.state->ready(settings.slot);
}

// Only what all stages have is worth anything.
void scheduler_state::note_stored(std::span<const chain_key> keys) {
  if (!stored) {
    stored.emplace(keys.begin(), keys.end());
    return;
  }
  const std::unordered_set<chain_key, chain_key_hash> there(keys.begin(),
                                                            keys.end());
  std::erase_if(*stored,
                [&](const chain_key& key) { return !there.contains(key); });
}

void scheduler_state::pump() {
  if (stages_loaded < settings.stages || exit || !failure.empty())
    return;
  // Each plan under way will need a credit for its tokens.
  while (credits.available() > batches->in_flight()) {
    auto plan = batches->plan(settings.now());
    if (!plan)
      return;
    std::size_t tokens = 0;
    for (const auto& step : plan->steps)
      tokens += step.tokens.size();
    if (tokens > 0)
      settings.counts->iteration_tokens.observe(static_cast<double>(tokens));
    meter.sent(settings.now(), tokens);
    const auto& entry = settings.load_draft ? stages.back() : stages.front();
    self->send(entry, stage_pass{std::move(*plan), {}, {}, {}});
    count();
  }
}

void scheduler_state::stamp() {
  auto& to = *settings.counts;
  for (const auto& one : times.stamp(outbox, settings.now())) {
    to.prefill_time.observe(one.prefill);
    to.decode_time.observe(one.decode);
    to.inference_time.observe(one.prefill + one.decode);
  }
}

void scheduler_state::flush() {
  stamp();
  if (!outbox.empty() && credits.take())
    self->send(settings.answers, step_output{std::exchange(outbox, {})});
}

void scheduler_state::watch_deadlines() {
  const auto now = settings.now();
  if (alarm && *alarm <= now) {
    alarm.reset();
    batches->expire(now, outbox);
    flush();
  }
  const auto next = batches->next_deadline();
  if (next && (!alarm || *next < *alarm)) {
    alarm = next;
    // Rounded up: a timer that fires early would have to be set again.
    const auto wait = std::max(*next - now, std::chrono::nanoseconds{0})
                      + std::chrono::milliseconds{1};
    self->delayed_send(self, wait, deadline_check{});
  }
}

void scheduler_state::fail(errc code, const std::string& text) {
  if (settings.log)
    settings.log->error("{}", text);
  failure = text;
  settings.state->failed(settings.slot, text);
  batches->fail_all(code, text, outbox);
  flush();
  count();
}

void scheduler_state::stop(caf::error reason) {
  if (exit)
    return;
  exit = std::move(reason);
  *stop_loading = true;
  batches->fail_all(errc::shutting_down, "the model stops", outbox);
  // The last words need no credit.
  if (!outbox.empty())
    self->send(settings.answers, step_output{std::exchange(outbox, {})});
  if (const auto wrong = batches->check(); wrong && settings.log)
    settings.log->error("model '{}': {}", settings.name, *wrong);
  for (const auto& one : stages)
    self->send_exit(one, caf::exit_reason::user_shutdown);
  if (stages_gone == settings.stages)
    self->quit(*exit);
}

void scheduler_state::stage_gone(const caf::down_msg& msg) {
  ++stages_gone;
  if (!exit) {
    if (failure.empty())
      fail(errc::model_failed, "a stage of model '" + settings.name
                                   + "' died: " + to_string(msg.reason));
    return;
  }
  if (stages_gone == settings.stages)
    self->quit(*exit);
}

void scheduler_state::count() {
  auto& to = *settings.counts;
  const auto did = batches->take_counts();
  to.prompt_tokens.add(did.prompt_tokens);
  to.preemptions.add(did.preemptions);
  to.drafts.add(did.drafts);
  to.draft_tokens.add(did.draft_tokens);
  to.accepted_tokens.add(did.accepted_tokens);
  to.prefix_cache_queries.add(did.cache_queries);
  to.prefix_cache_hits.add(did.cache_hits);
  for (const auto seconds : did.queue_seconds)
    to.queue_time.observe(seconds);
  for (const auto id : did.started)
    times.started(id, settings.now());
  to.requests_running.set(static_cast<double>(batches->running()));
  to.requests_waiting.set(static_cast<double>(batches->waiting()));
  const auto& pool = batches->pool();
  to.kv_cache_usage.set(1.0 - static_cast<double>(pool.free()) / pool.size());
}

model_status scheduler_state::status() const {
  model_status now;
  now.ready = all_in && failure.empty() && !exit;
  now.running = static_cast<std::uint32_t>(batches->running());
  now.waiting = static_cast<std::uint32_t>(batches->waiting());
  now.free_blocks = batches->pool().free();
  now.blocks = batches->pool().size();
  now.books = batches->check().value_or("");
  return now;
}

model_actor::behavior_type
scheduler(model_actor::stateful_pointer<scheduler_state> self,
          scheduler_settings settings) {
  auto& state = self->state;
  self->set_exit_handler(
      [self](caf::exit_msg& msg) { self->state.stop(std::move(msg.reason)); });
  self->set_down_handler(
      [self](const caf::down_msg& msg) { self->state.stage_gone(msg); });
  state.begin(std::move(settings));
  return {
      [self](prompt& wish) { return self->state.take(wish); },
      [self](const cancel& msg) {
        auto& state = self->state;
        state.batches->cancel(msg.id, state.outbox);
        state.pump();
        state.flush();
        state.count();
      },
      [self](const hold& msg) {
        auto& state = self->state;
        state.batches->hold(msg.id, msg.on);
        state.pump();
        state.count();
      },
      [self](const forget_session& msg) {
        self->state.batches->forget_session(msg.session);
      },
      [self](const load_progress& msg) { self->state.progressed(msg); },
      [self](const stage_loaded& msg) { self->state.loaded(msg); },
      [self](step_result& result) {
        auto& state = self->state;
        state.settings.counts->generation_tokens.add(result.tokens.size());
        if (const auto now = state.meter.returned(state.settings.now()))
          state.batches->measured(*now);
        if (const auto seconds = state.meter.last_step(); seconds > 0.0)
          state.settings.counts->step_time.observe(seconds);
        state.batches->complete(std::move(result), state.outbox);
        state.pump(); // first of all: the stages are idle
        state.flush();
        state.watch_deadlines();
        state.count();
      },
      [self](const credit& msg) {
        auto& state = self->state;
        if (state.exit)
          return; // the last words went without
        state.credits.grant(msg.count);
        state.flush();
        state.pump();
      },
      [self](const deadline_check&) {
        auto& state = self->state;
        state.watch_deadlines();
        state.pump();
        state.count();
      },
      [self](const get_model_status&) { return self->state.status(); },
  };
}

} // namespace sluice::actors
