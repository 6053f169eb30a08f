// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/gateway.hpp"

#include "actors/gateway/model_pages.hpp"
#include "actors/gateway/native_pages.hpp"

#include <spdlog/logger.h>

#include <random>

namespace sluice::actors {

namespace {

constexpr std::chrono::milliseconds tick_interval{50};
constexpr std::chrono::milliseconds sweep_interval{500};
// At exit, for answers on their way to slow clients.
constexpr std::chrono::milliseconds flush_grace{1000};

// Ids of several gateways in one graph must not meet: each counts from its
// own random place.
request_id first_id() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | (std::uint64_t{device()} << 16);
}

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

} // namespace

gateway_state::gateway_state(gateway_actor::pointer self)
    : self{self}, first_request{first_id()}, next_request{first_request} {}

gateway_state::~gateway_state() {
  // Whatever is left gets its answer before the server goes.
  for (const auto id : flights.all())
    if (auto* one = flights.find(id))
      one->fail(to_api_error(errc::shutting_down, {}),
                std::chrono::steady_clock::now());
  if (http)
    http->stop(flush_grace);
}

void gateway_state::take(submission from) {
  const auto choices = from.what.prompts.size() * from.what.choices;
  const auto refuse = [&](const api_error& error) {
    from.lease.reset(); // before the client can hear of it
    from.client->respond(to_response(error));
  };
  if (state->look().phase == door_phase::draining)
    return refuse(to_api_error(errc::shutting_down, {}));
  if (!next)
    return refuse({503, "the model is still loading", {}, "loading", 1});
  if (!flights.has_room(most_asked(from.what))) {
    figures->door.queue_rejections.add();
    return refuse(to_api_error(errc::overloaded,
                               "too many requests in flight, try again later"));
  }
  const auto timeout =
      std::min(settings.request_timeout,
               from.what.timeout.value_or(settings.request_timeout));
  auto& model = figures->model(from.what.model);
  const auto deadline = self->clock().now() + timeout;
  from.deadline = std::chrono::system_clock::now() + timeout;
  auto& one = flights.add(flight{std::move(from), next_request, unix_seconds(),
                                 model, figures->door},
                          deadline);
  next_request += choices;
  figures->door.requests_in_flight.set(static_cast<double>(flights.choices()));
  ask(one);
  tick_later();
}

void gateway_state::ask(flight& one) {
  while (auto wish = one.next_request()) {
    const auto id = wish->id;
    // Without its own timeout: the deadline travels inside.
    self->request(next, caf::infinite, std::move(*wish))
        .then(
            [this](const accepted& reply) {
              if (auto* taken = flights.find_choice(reply.id))
                taken->accepted(reply.id, reply.prompt_tokens);
            },
            [this, id](const caf::error& why) { on_refused(id, why); });
  }
}

void gateway_state::on_refused(request_id id, const caf::error& why) {
  if (auto* one = flights.find_choice(id)) {
    auto error = to_api_error(code_of(why), context_of(why));
    if (const auto seconds = retry_of(why))
      error.retry_after = seconds;
    if (error.status == 429)
      figures->door.queue_rejections.add();
    fail(*one, error);
  }
}

void gateway_state::on_delta(const text_delta& delta) {
  auto* one = flights.find_choice(delta.id);
  if (one == nullptr && delta.id >= first_host_id && settings.host)
    self->send(settings.host, delta);
  if (one == nullptr)
    return; // cancelled, and the graph did not know yet
  one->delta(delta, self->clock().now());
  if (!one->done()) {
    if (delta.finish != finish_reason::none)
      ask(*one); // one place is free
    return;
  }
  cancel_unfinished(*one); // its sisters, after a failure
  close(*one);
}

void gateway_state::on_gone(const client_gone& who) {
  auto* one = flights.find(who.id);
  if (one == nullptr)
    return;
  (who.too_slow ? figures->door.slow_clients : figures->door.disconnects).add();
  one->gone();
  cancel_unfinished(*one);
  close(*one);
}

void gateway_state::on_slots(const slots_query& from) const {
  const auto view = state->look();
  if (!view.models)
    return from.client->respond(to_response(closed_error(view)));
  if (from.must_have_room && !flights.has_room(1))
    return from.client->respond(
        to_response({503, "no slot available", {}, "no_slot", 1}));
  std::vector<busy_slot> busy;
  for (const auto id : flights.all())
    flights.find(id)->show(busy);
  from.client->respond(slots_page(std::move(busy), flights.bound(),
                                  *view.models, first_request));
}

void gateway_state::on_backlog(const client_backlog& who) {
  if (const auto* one = flights.find(who.id))
    for (const auto id : one->unfinished())
      self->send(next, hold{id, who.much});
}

void gateway_state::fail(flight& one, const api_error& error) {
  one.fail(error, self->clock().now());
  cancel_unfinished(one);
  close(one);
}

void gateway_state::cancel_unfinished(const flight& one) {
  for (const auto id : one.unfinished())
    self->send(next, cancel{id});
}

void gateway_state::close(flight& one) {
  if (settings.log)
    settings.log->info(one.summary(self->clock().now()));
  flights.erase(one.id());
  figures->door.requests_in_flight.set(static_cast<double>(flights.choices()));
  if (flights.size() == 0)
    end_drain(0);
}

void gateway_state::tick_later() {
  if (ticking || flights.size() == 0)
    return;
  ticking = true;
  self->delayed_send(self, tick_interval, gateway_tick{});
}

void gateway_state::on_tick() {
  ticking = false;
  const auto now = self->clock().now();
  for (const auto id : flights.expired(now))
    if (auto* one = flights.find(id))
      fail(*one, to_api_error(errc::deadline_exceeded, {}));
  const bool drains = leaving || !waiting.empty();
  if (drains && now >= drain_until) {
    const auto left = flights.all();
    // The drain's own end comes with the last of them.
    for (const auto id : left)
      if (auto* one = flights.find(id)) {
        one->fail(to_api_error(errc::shutting_down, {}), now);
        cancel_unfinished(*one);
        flights.erase(id);
      }
    end_drain(static_cast<std::uint32_t>(left.size()));
  }
  tick_later();
}

void gateway_state::on_session_removed(const session_removed& what) {
  if (auto* one = flights.find(what.held_by))
    fail(*one, {409, "the session was deleted", {}, "session_deleted", 0});
  if (next)
    self->send(next, forget_session{what.id});
}

void gateway_state::on_sweep() {
  sweeping = false;
  for (auto& old : http->sessions()->expire())
    on_session_removed({std::move(old.id), old.held_by});
  sweep_later();
}

void gateway_state::sweep_later() {
  if (sweeping || http->sessions()->size() == 0)
    return;
  sweeping = true;
  self->delayed_send(self, sweep_interval, session_sweep{});
}

void gateway_state::on_next_down(const caf::error&) {
  next = nullptr;
  for (const auto id : flights.all())
    if (auto* one = flights.find(id)) {
      one->fail(to_api_error(errc::model_failed, "the model went down"),
                self->clock().now());
      close(*one);
    }
}

void gateway_state::begin_drain(std::chrono::milliseconds patience) {
  state->drain();
  drain_until = self->clock().now() + patience;
  if (flights.size() == 0)
    end_drain(0);
}

void gateway_state::end_drain(std::uint32_t abandoned) {
  const bool drains = leaving || !waiting.empty();
  if (drains && http)
    for (auto& left : http->sessions()->remove_all())
      on_session_removed({std::move(left.id), 0});
  for (auto& promise : waiting)
    promise.deliver(drained{abandoned});
  waiting.clear();
  if (leaving)
    self->quit(caf::exit_reason::user_shutdown);
}

gateway_actor::behavior_type
gateway(gateway_actor::stateful_pointer<gateway_state> self,
        std::shared_ptr<gateway_settings> settings, std::shared_ptr<door> state,
        metrics* figures, std::shared_ptr<std::unique_ptr<front>> http) {
  auto& s = self->state;
  s.settings = *settings;
  s.flights = flight_table{settings->max_in_flight};
  s.state = std::move(state);
  s.figures = figures;
  s.http = std::move(*http);
  self->set_down_handler([self](const caf::down_msg& down) {
    if (down.source == self->state.next)
      self->state.on_next_down(down.reason);
  });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    if (exit.reason != caf::exit_reason::user_shutdown)
      return self->quit(exit.reason);
    self->state.leaving = true;
    self->state.begin_drain(self->state.settings.drain_timeout);
  });
  return {
      [self](const text_delta& delta) { self->state.on_delta(delta); },
      [self](const connect& to) {
        self->state.next = to.next;
        self->monitor(to.next);
      },
      [self](submission& from) { self->state.take(std::move(from)); },
      [self](const client_gone& who) { self->state.on_gone(who); },
      [self](const slots_query& from) { self->state.on_slots(from); },
      [self](const client_backlog& who) { self->state.on_backlog(who); },
      [self](const gateway_tick&) { self->state.on_tick(); },
      [self](const session_opened&) { self->state.sweep_later(); },
      [self](const session_removed& what) {
        self->state.on_session_removed(what);
      },
      [self](const session_sweep&) { self->state.on_sweep(); },
      [self](const drain& how) -> caf::result<drained> {
        auto promise = self->make_response_promise<drained>();
        self->state.waiting.push_back(promise);
        self->state.begin_drain(std::chrono::milliseconds{how.patience_ms});
        return promise;
      },
  };
}

} // namespace sluice::actors
