// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The response cache of a graph. Requests pass it on their way in and text on
// its way out: it remembers whole answers that can be foretold and tells them
// again to the next one who asks the same. Build spawns it before its
// neighbours, which need it, and sends `wire` once they exist.
//
// Two equal requests at the same time both run: the second one sees tokens as
// they come and needs nothing from the first, which may be cancelled.
#pragma once

#include "actors/cache/recorded_answer.hpp"
#include "actors/cache/response_cache.hpp"
#include "actors/messages.hpp"
#include "actors/runtime/metrics.hpp"

#include <unordered_map>

namespace sluice::actors {

struct cache_settings {
  std::chrono::milliseconds ttl{600'000};
  std::uint64_t size = std::uint64_t{64} << 20; ///< bytes
};

/// To the cache, once: where requests and text go from now on.
struct wire {
  request_sink next;
  text_sink back;
};

/// To the cache, from itself: tell some more of a remembered answer.
struct tell_more {
  request_id id = 0;
};

template <class Inspector>
auto inspect(Inspector& f, wire& x) {
  return f(caf::meta::type_name("wire"), x.next, x.back);
}

template <class Inspector>
auto inspect(Inspector& f, tell_more& x) {
  return f(caf::meta::type_name("tell_more"), x.id);
}

using cache_actor = request_sink::extend<
    // Text of an answer passes, and is remembered when it is complete.
    caf::reacts_to<text_delta>,
    // Learns its neighbours.
    caf::reacts_to<wire>,
    // Tells some more.
    caf::reacts_to<tell_more>>;

struct cache_state {
  explicit cache_state(cache_actor::pointer self);

  caf::result<accepted> take(request& wish);
  void pass(text_delta& delta);
  void give_up(const cancel& msg);
  void rest(const hold& msg);
  void tell(request_id id);
  void count();

  static inline const char* name = "cache";

  // An answer on its way through, remembered so far.
  struct recording {
    answer_key key{};
    recorded_answer answer;
    std::uint64_t bytes = 0;
  };
  // A remembered answer being told.
  struct telling {
    response_cache::answer_ptr answer;
    std::size_t next = 0; // delta
    instant deadline;
    bool held = false; // its client does not keep up
  };

  cache_actor::pointer self;
  request_sink next;
  text_sink back;
  std::uint64_t largest = 0; ///< bytes of one answer
  response_cache answers{{}, 0};
  std::unordered_map<request_id, recording> recordings;
  std::unordered_map<request_id, telling> tellings;
  cache_metrics* counts = nullptr;

private:
  caf::result<accepted> replay(const request& wish,
                               response_cache::answer_ptr answer);
  caf::result<accepted> record(request& wish, const answer_key& key);
  void note(recording& to, const text_delta& delta);
};

cache_actor::behavior_type
cache(cache_actor::stateful_pointer<cache_state> self, cache_settings settings,
      cache_metrics* counts);

/// `counts` must outlive the actor system.
cache_actor spawn_cache(caf::actor_system& system, cache_settings settings,
                        cache_metrics& counts);

} // namespace sluice::actors
