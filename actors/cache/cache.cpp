// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/cache/cache.hpp"

#include "actors/cache/answer_key.hpp"

namespace sluice::actors {

namespace {

// Deltas told at once: others get their turn in between, and a cancel or a
// deadline is not noticed late.
constexpr std::size_t deltas_per_turn = 32;
// One answer takes at most this part of the cache.
constexpr std::uint64_t largest_share = 4;

} // namespace

cache_state::cache_state(cache_actor::pointer self) : self{self} {}

caf::result<accepted> cache_state::take(request& wish) {
  const auto key = key_of(wish);
  if (!key) {
    counts->bypassed.add();
    return self->delegate(next, std::move(wish));
  }
  auto answer = answers.find(*key, self->clock().now());
  count();
  if (answer)
    return replay(wish, std::move(answer));
  counts->misses.add();
  return record(wish, *key);
}

caf::result<accepted> cache_state::replay(const request& wish,
                                          response_cache::answer_ptr answer) {
  if (wish.deadline <= std::chrono::system_clock::now())
    return make_error(errc::deadline_exceeded,
                      "the deadline passed before the answer was looked up");
  counts->hits.add();
  const auto tokens = answer->prompt_tokens();
  tellings.insert_or_assign(wish.id,
                            telling{std::move(answer), 0, wish.deadline});
  self->send(self, tell_more{wish.id});
  return accepted{wish.id, tokens};
}

caf::result<accepted> cache_state::record(request& wish,
                                          const answer_key& key) {
  const auto id = wish.id;
  recordings.insert_or_assign(id, recording{key, {}, 0});
  // Not delegated: whoever is refused leaves no recording behind.
  auto promise = self->make_response_promise<accepted>();
  self->request(next, caf::infinite, std::move(wish))
      .then(
          [promise](const accepted& reply) mutable { promise.deliver(reply); },
          [this, promise, id](caf::error& why) mutable {
            recordings.erase(id);
            promise.deliver(std::move(why));
          });
  return promise;
}

void cache_state::pass(text_delta& delta) {
  if (const auto at = recordings.find(delta.id); at != recordings.end()) {
    note(at->second, delta);
    if (delta.finish != finish_reason::none)
      recordings.erase(at);
  }
  self->send(back, std::move(delta));
}

void cache_state::note(recording& to, const text_delta& delta) {
  to.bytes += bytes_of(delta);
  if (to.bytes > largest) {
    to.answer.deltas.clear();
    return;
  }
  to.answer.deltas.push_back(delta);
  if (delta.finish != finish_reason::stop
      && delta.finish != finish_reason::length)
    return;
  answers.keep(to.key,
               std::make_shared<const recorded_answer>(std::move(to.answer)),
               to.bytes, self->clock().now());
  count();
}

void cache_state::give_up(const cancel& msg) {
  if (tellings.erase(msg.id) > 0)
    return; // nobody behind knows of it
  recordings.erase(msg.id);
  self->send(next, msg);
}

void cache_state::rest(const hold& msg) {
  const auto at = tellings.find(msg.id);
  if (at == tellings.end())
    return self->send(next, msg);
  if (std::exchange(at->second.held, msg.on) && !msg.on)
    self->send(self, tell_more{msg.id});
}

void cache_state::tell(request_id id) {
  const auto at = tellings.find(id);
  if (at == tellings.end() || at->second.held)
    return; // cancelled, or told to rest
  auto& [answer, from, deadline, held] = at->second;
  if (deadline <= std::chrono::system_clock::now()) {
    text_delta late;
    late.id = id;
    late.finish = finish_reason::error;
    late.code = errc::deadline_exceeded;
    late.error = "the deadline passed while the answer was told";
    self->send(back, std::move(late));
    tellings.erase(at);
    return;
  }
  const auto end = std::min(answer->deltas.size(), from + deltas_per_turn);
  for (; from < end; ++from)
    self->send(back, answer->told_to(id, from));
  if (from == answer->deltas.size())
    tellings.erase(at);
  else
    self->send(self, tell_more{id});
}

void cache_state::count() {
  counts->entries.set(static_cast<double>(answers.entries()));
  counts->bytes.set(static_cast<double>(answers.bytes()));
}

cache_actor::behavior_type
cache(cache_actor::stateful_pointer<cache_state> self, cache_settings settings,
      cache_metrics* counts) {
  auto& state = self->state;
  state.answers = response_cache{settings.ttl, settings.size};
  state.largest = settings.size / largest_share;
  state.counts = counts;
  return {
      [self](request& wish) { return self->state.take(wish); },
      [self](const cancel& msg) { self->state.give_up(msg); },
      [self](const hold& msg) { self->state.rest(msg); },
      [self](const forget_session& msg) { self->send(self->state.next, msg); },
      [self](text_delta& delta) { self->state.pass(delta); },
      [self](const wire& to) {
        self->state.next = to.next;
        self->state.back = to.back;
      },
      [self](const tell_more& msg) { self->state.tell(msg.id); },
  };
}

cache_actor spawn_cache(caf::actor_system& system, cache_settings settings,
                        cache_metrics& counts) {
  return system.spawn(cache, settings, &counts);
}

} // namespace sluice::actors
