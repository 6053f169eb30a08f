// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/host/host_actor.hpp"

#include <algorithm>

namespace sluice::actors {

template <class Message>
void host_outputs::send(Message message) {
  const std::lock_guard lock{mutex_};
  if (self_)
    caf::anon_send(self_, std::move(message));
}

void host_outputs::emit(std::size_t output, edge_message message) {
  send(host_emission{output,
                     std::make_shared<edge_message>(std::move(message))});
}

void host_outputs::refuse(request_id id, errc code, std::string text) {
  send(host_refusal{id, code, std::move(text)});
}

void host_outputs::open(caf::actor self) {
  const std::lock_guard lock{mutex_};
  self_ = std::move(self);
}

void host_outputs::close() {
  const std::lock_guard lock{mutex_};
  self_ = nullptr;
}

host_actor_state::host_actor_state(caf::event_based_actor* self) : self{self} {}

host_actor_state::~host_actor_state() {
  if (settings.out)
    settings.out->close();
}

/// Whether the object took it; what it throws ends the request.
bool host_actor_state::call(port_type type, edge_message message) {
  const auto id = id_of(message);
  const auto input = std::ranges::find(settings.inputs, type);
  std::string why;
  try {
    settings.object->receive(
        static_cast<std::size_t>(input - settings.inputs.begin()),
        std::move(message));
    return true;
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "it threw something that is no std::exception";
  }
  why = "actor '" + settings.name + "': " + why;
  settings.log(why);
  end_with_error(id, why);
  return false;
}

void host_actor_state::end_with_error(request_id id, const std::string& text) {
  if (const auto at = waiting.find(id); at != waiting.end()) {
    at->second.deliver(make_error(errc::host_failed, text));
    waiting.erase(at);
    return;
  }
  failed.insert(id);
  if (const auto at = sources.find(id); at != sources.end())
    caf::anon_send(at->second, cancel{id});
  for (std::size_t i = 0; i < settings.outputs.size(); ++i) {
    if (settings.outputs[i] == port_type::tokens) {
      generated end;
      end.id = id;
      end.finish = finish_reason::error;
      end.code = errc::host_failed;
      end.error = text;
      self->send(settings.next[i], step_output{{std::move(end)}});
    } else if (settings.outputs[i] == port_type::text) {
      text_delta end;
      end.id = id;
      end.finish = finish_reason::error;
      end.code = errc::host_failed;
      end.error = text;
      self->send(settings.next[i], std::move(end));
    }
  }
}

template <class Message>
caf::result<accepted> host_actor_state::ask(Message& message, port_type type) {
  const auto id = message.id;
  caf::response_promise promise = self->make_response_promise();
  waiting.insert_or_assign(id, promise);
  call(type, std::move(message));
  return caf::delegated<accepted>{};
}

void host_actor_state::begin(generation& message) {
  const auto id = message.id;
  if (const auto& from = self->current_sender())
    sources.insert_or_assign(id, caf::actor_cast<caf::actor>(from));
  call(port_type::tokens, std::move(message));
}

void host_actor_state::step(step_output& message) {
  for (auto& one : message.answers) {
    const auto id = one.id;
    const bool last = one.finish != finish_reason::none;
    if (!failed.contains(id))
      call(port_type::tokens, std::move(one));
    if (last) {
      sources.erase(id);
      failed.erase(id);
    }
  }
  grant();
}

void host_actor_state::text(text_delta& message) {
  const auto id = message.id;
  const bool last = message.finish != finish_reason::none;
  if (!failed.contains(id))
    call(port_type::text, std::move(message));
  if (last)
    failed.erase(id);
}

/// The producer's window is filled from here: what the object passes on has
/// no window of its own, and is bounded by what comes in.
void host_actor_state::grant() {
  const auto& from = self->current_sender();
  if (!from)
    return;
  auto& meter = meters.try_emplace(from->id(), step_window).first->second;
  if (const auto count = meter.consume(); count > 0)
    caf::anon_send(caf::actor_cast<caf::actor>(from), credit{count});
}

void host_actor_state::cancelled(request_id id) {
  try {
    settings.object->cancelled(id);
  } catch (const std::exception& error) {
    settings.log("actor '" + settings.name + "': " + error.what());
  } catch (...) {
    settings.log("actor '" + settings.name + "' threw at a cancel");
  }
  if (const auto at = waiting.find(id); at != waiting.end()) {
    at->second.deliver(make_error(errc::cancelled, "the request was given up"));
    waiting.erase(at);
  }
  if (const auto at = sources.find(id); at != sources.end()) {
    caf::anon_send(at->second, cancel{id});
    sources.erase(at);
  }
  forward(cancel{id});
}

template <class Message>
void host_actor_state::forward(const Message& message) {
  for (std::size_t i = 0; i < settings.outputs.size(); ++i)
    if (settings.outputs[i] == port_type::request
        || settings.outputs[i] == port_type::prompt)
      self->send(settings.next[i], message);
}

void host_actor_state::emit(host_emission& what) {
  const auto& to = settings.next[what.output];
  const auto id = id_of(*what.message);
  const auto type = settings.outputs[what.output];
  if (type != port_type::request && type != port_type::prompt) {
    self->send(to, to_caf(std::move(*what.message)));
    return;
  }
  const auto at = waiting.find(id);
  if (at == waiting.end()) {
    // Nobody waits to hear of it: it was cancelled, or the host made it up.
    self->send(to, to_caf(std::move(*what.message)));
    return;
  }
  auto promise = std::move(at->second);
  waiting.erase(at);
  std::visit([&](auto& message) { promise.delegate(to, std::move(message)); },
             *what.message);
}

void host_actor_state::refuse(const host_refusal& what) {
  const auto at = waiting.find(what.id);
  if (at == waiting.end())
    return end_with_error(what.id, what.text);
  at->second.deliver(make_error(what.code, what.text));
  waiting.erase(at);
}

namespace {

caf::behavior host_actor(caf::stateful_actor<host_actor_state>* self,
                         const std::shared_ptr<host_actor_settings>& settings) {
  self->state.settings = std::move(*settings);
  return {
      [self](request& message) {
        return self->state.ask(message, port_type::request);
      },
      [self](prompt& message) {
        return self->state.ask(message, port_type::prompt);
      },
      [self](generation& message) { self->state.begin(message); },
      [self](step_output& message) { self->state.step(message); },
      [self](text_delta& message) { self->state.text(message); },
      [self](const cancel& message) { self->state.cancelled(message.id); },
      [](const credit&) {}, // the source's window counts, see grant()
      [](const accepted&) {},
      [self](const hold& message) { self->state.forward(message); },
      [self](const forget_session& message) { self->state.forward(message); },
      [self](host_wiring& to) {
        self->state.settings.next = std::move(to.next);
      },
      [self](host_emission& what) { self->state.emit(what); },
      [self](const host_refusal& what) { self->state.refuse(what); },
  };
}

} // namespace

caf::actor spawn_host_actor(caf::actor_system& system,
                            host_actor_settings settings) {
  auto out = settings.out;
  auto actor = system.spawn<caf::detached>(
      host_actor, std::make_shared<host_actor_settings>(std::move(settings)));
  out->open(actor);
  return actor;
}

} // namespace sluice::actors
