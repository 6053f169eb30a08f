// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/host/host_door.hpp"

namespace sluice::actors {

namespace {

constexpr std::chrono::milliseconds tick_interval{10};

text_delta error_delta(request_id id, errc code, std::string text) {
  text_delta out;
  out.id = id;
  out.finish =
      code == errc::cancelled ? finish_reason::cancelled : finish_reason::error;
  out.code = code;
  out.error = std::move(text);
  return out;
}

} // namespace

host_door_state::host_door_state(host_door_actor::pointer self) : self{self} {}

host_door_state::~host_door_state() {
  // Whoever waits for an answer must hear that there will be none.
  while (!flights_.empty())
    end(flights_.begin()->first, errc::shutting_down, "the runtime was closed");
}

// What a callback throws is told to the same callback as its request's end.
void host_door_state::show(const delta_sink& sink, const text_delta& delta) {
  std::string why;
  try {
    return sink(delta);
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "not a std::exception";
  }
  if (settings.log)
    settings.log("the callback of request " + std::to_string(delta.id)
                 + " threw: " + why);
  const auto at = flights_.find(delta.id);
  if (at == flights_.end())
    return; // the end itself was told; there is nothing to add
  caf::anon_send(at->second.to, cancel{delta.id});
  erase(at);
  try {
    sink(
        error_delta(delta.id, errc::host_failed, "the callback threw: " + why));
  } catch (...) {
    // It has had its chance.
  }
  if (flights_.empty())
    end_drain(0);
}

void host_door_state::take(host_submission& from) {
  const auto id = id_of(from.what);
  const auto refuse = [&](errc code, const char* text) {
    show(*from.show, error_delta(id, code, text));
  };
  if (draining_)
    return refuse(errc::shutting_down, "the runtime drains");
  if (!next)
    return refuse(errc::overloaded, "the models are still being opened");
  if (flights_.size() >= settings.max_in_flight)
    return refuse(errc::overloaded,
                  "too many requests in flight, try again later");
  auto to = from.to ? from.to : caf::actor_cast<caf::actor>(next);
  flights_.emplace(id, flight{from.show, from.deadline, to});
  deadlines_.emplace(from.deadline, id);
  count();
  auto on_error = [this, id](const caf::error& why) {
    end(id, code_of(why), context_of(why));
  };
  // Without a timeout of its own: the deadline travels inside.
  std::visit(
      [&](auto& message) {
        self->request(to, caf::infinite, std::move(message))
            .then([](const accepted&) {}, on_error);
      },
      from.what);
  tick_later();
}

void host_door_state::on_delta(const text_delta& delta) {
  const auto at = flights_.find(delta.id);
  if (at == flights_.end())
    return; // ended here, and the graph did not know yet
  const auto sink = at->second.show;
  if (delta.finish == finish_reason::none)
    return show(*sink, delta);
  if (delta.finish == finish_reason::error)
    caf::anon_send(at->second.to, cancel{delta.id});
  erase(at);
  show(*sink, delta);
  if (flights_.empty())
    end_drain(0);
}

void host_door_state::end(request_id id, errc code, std::string text) {
  const auto at = flights_.find(id);
  if (at == flights_.end())
    return;
  const auto sink = at->second.show;
  caf::anon_send(at->second.to, cancel{id});
  erase(at);
  show(*sink, error_delta(id, code, std::move(text)));
  if (flights_.empty())
    end_drain(0);
}

void host_door_state::erase(flight_map::iterator at) {
  deadlines_.erase({at->second.deadline, at->first});
  flights_.erase(at);
  count();
}

void host_door_state::count() const {
  *in_flight = flights_.size();
}

void host_door_state::tick_later() {
  if (ticking_ || flights_.empty())
    return;
  ticking_ = true;
  self->delayed_send(self, tick_interval, host_tick{});
}

void host_door_state::on_tick() {
  ticking_ = false;
  const instant now = std::chrono::system_clock::now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now)
    end(deadlines_.begin()->second, errc::deadline_exceeded,
        "the request's deadline passed");
  if (draining_ && now >= drain_until_) {
    const auto left = flights_.size();
    // The drain's own end would come with the last of them, and not say so.
    auto told = std::exchange(waiting_, {});
    while (!flights_.empty())
      end(flights_.begin()->first, errc::shutting_down, "the runtime drains");
    waiting_ = std::move(told);
    end_drain(static_cast<std::uint32_t>(left));
  }
  tick_later();
}

void host_door_state::on_next_down() {
  next = nullptr;
  while (!flights_.empty())
    end(flights_.begin()->first, errc::model_failed, "the graph went down");
}

caf::typed_response_promise<host_drained>
host_door_state::begin_drain(std::chrono::milliseconds patience) {
  auto promise = self->make_response_promise<host_drained>();
  waiting_.push_back(promise);
  draining_ = true;
  drain_until_ = std::chrono::system_clock::now() + patience;
  if (flights_.empty())
    end_drain(0);
  return promise;
}

void host_door_state::end_drain(std::uint32_t abandoned) {
  for (auto& promise : std::exchange(waiting_, {}))
    promise.deliver(host_drained{abandoned});
}

namespace {

host_door_actor::behavior_type
host_door(host_door_actor::stateful_pointer<host_door_state> self,
          const std::shared_ptr<host_door_settings>& settings,
          std::shared_ptr<std::atomic<std::size_t>> in_flight) {
  self->state.settings = *settings;
  self->state.in_flight = std::move(in_flight);
  self->set_down_handler([self](const caf::down_msg& down) {
    if (down.source == self->state.next)
      self->state.on_next_down();
  });
  return {
      [self](const text_delta& delta) { self->state.on_delta(delta); },
      [self](const connect& to) {
        self->state.next = to.next;
        self->monitor(to.next);
      },
      [self](host_submission& from) { self->state.take(from); },
      [self](const host_cancel& msg) {
        self->state.end(msg.id, errc::cancelled, "cancelled by the host");
      },
      [self](const host_tick&) { self->state.on_tick(); },
      [self](const host_drain& how) {
        return self->state.begin_drain(
            std::chrono::milliseconds{how.patience_ms});
      },
  };
}

} // namespace

host_door_handle spawn_host_door(caf::actor_system& system,
                                 host_door_settings settings) {
  auto in_flight = std::make_shared<std::atomic<std::size_t>>(0);
  auto actor = system.spawn<caf::detached>(
      host_door, std::make_shared<host_door_settings>(std::move(settings)),
      in_flight);
  return {actor, in_flight};
}

} // namespace sluice::actors
