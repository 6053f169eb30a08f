// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/gateway.hpp"

#include <mutex>

namespace sluice::actors {

namespace {

// The front listens before the actor exists: what comes in between finds
// nobody and is told to try again.
class late_actor {
public:
  void set(gateway_actor to) {
    const std::lock_guard lock{mutex_};
    to_ = std::move(to);
  }

  template <class Message>
  bool send(Message message) {
    const std::lock_guard lock{mutex_};
    if (to_)
      caf::anon_send(to_, std::move(message));
    return static_cast<bool>(to_);
  }

private:
  std::mutex mutex_;
  gateway_actor to_;
};

front_hooks hooks_to(const std::shared_ptr<late_actor>& late) {
  front_hooks out;
  out.submit = [late](submission from) {
    const auto client = from.client;
    if (!late->send(std::move(from)))
      client->respond(
          to_response({503, "the server is starting", {}, "loading", 1}));
  };
  out.gone = [late](std::uint64_t id, transport::http::close_reason why) {
    late->send(client_gone{id, why == transport::http::close_reason::too_slow});
  };
  out.backlog = [late](std::uint64_t id, bool much) {
    late->send(client_backlog{id, much});
  };
  out.slots = [late](slots_query from) {
    const auto client = from.client;
    if (!late->send(std::move(from)))
      client->respond(
          to_response({503, "the server is starting", {}, "loading", 1}));
  };
  out.session_opened = [late] { late->send(session_opened{}); };
  out.session_removed = [late](session_table::removed what) {
    late->send(session_removed{std::move(what.id), what.held_by});
  };
  return out;
}

} // namespace

gateway_handle spawn_gateway(caf::actor_system& system,
                             gateway_settings settings, metrics& figures) {
  const auto late = std::make_shared<late_actor>();
  auto state = std::make_shared<door>();
  settings.front.places = settings.max_in_flight;
  auto http = std::make_shared<std::unique_ptr<front>>(
      std::make_unique<front>(settings.front, state, figures, hooks_to(late)));
  auto listening = (*http)->listening();
  auto actor = system.spawn<caf::detached>(
      gateway, std::make_shared<gateway_settings>(std::move(settings)), state,
      &figures, http);
  late->set(actor);
  return {actor, state, listening};
}

} // namespace sluice::actors
