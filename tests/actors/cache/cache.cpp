// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/cache/cache.hpp"

#include "tests/actors/stepped_system.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

struct behind {
  std::vector<request_id> requests;
  std::vector<request_id> cancels;
  std::vector<request_id> holds;
  bool refuse = false;
};

request_sink::behavior_type dummy_graph(request_sink::pointer, behind* log) {
  return {
      [log](const request& wish) -> caf::result<accepted> {
        log->requests.push_back(wish.id);
        if (log->refuse)
          return make_error(errc::overloaded, "full");
        return accepted{wish.id, 7};
      },
      [log](const cancel& msg) { log->cancels.push_back(msg.id); },
      [log](const hold& msg) { log->holds.push_back(msg.id); },
      [](const forget_session&) {},
  };
}

text_sink::behavior_type dummy_door(text_sink::pointer,
                                    std::vector<text_delta>* heard) {
  return {[heard](const text_delta& delta) { heard->push_back(delta); }};
}

struct fixture : stepped_system {
  explicit fixture(cache_settings settings = {}) {
    memo = keep(spawn_cache(system, settings, counts));
    tell(memo, wire{keep(system.spawn(dummy_graph, &log)),
                    keep(system.spawn(dummy_door, &heard))});
  }

  static request wish(request_id id, std::string text = "Once") {
    request out;
    out.id = id;
    out.deadline = std::chrono::system_clock::now() + 1h;
    out.text = std::move(text);
    out.sampling.temperature = 0.0f;
    return out;
  }

  // What the graph says for `id`: `pieces` deltas, the last one with `finish`.
  void answer(request_id id, int pieces,
              finish_reason finish = finish_reason::stop) {
    for (int i = 1; i <= pieces; ++i) {
      text_delta delta;
      delta.id = id;
      delta.text = "piece " + std::to_string(i);
      delta.logprobs = {{"p", -0.25f, {{"q", -2.0f}}}};
      delta.completion_tokens = static_cast<std::uint32_t>(i);
      if (i == pieces) {
        delta.finish = finish;
        delta.prompt_tokens = 7;
      }
      tell(memo, delta);
    }
  }

  // Asks and lets the graph answer; the deltas as the door heard them.
  std::vector<text_delta> first_time(request_id id, int pieces) {
    BOOST_TEST(bool{ask<accepted>(memo, wish(id))});
    answer(id, pieces);
    return std::exchange(heard, {});
  }

  behind log;
  std::vector<text_delta> heard;
  cache_metrics counts;
  cache_actor memo;
};

} // namespace

BOOST_AUTO_TEST_SUITE(cache_)

BOOST_FIXTURE_TEST_CASE(second_request_gets_the_same_stream, fixture) {
  const auto first = first_time(1, 100);
  BOOST_TEST(first.size() == 100u);
  BOOST_TEST(first.back().cached_tokens == 0u);
  const auto reply = ask<accepted>(memo, wish(2));
  BOOST_REQUIRE(bool{reply});
  BOOST_TEST(reply->id == 2u);
  BOOST_TEST(reply->prompt_tokens == 7u);
  BOOST_TEST(log.requests.size() == 1u);
  BOOST_REQUIRE(heard.size() == first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    BOOST_TEST(heard[i].id == 2u);
    BOOST_TEST(heard[i].text == first[i].text);
    BOOST_TEST(heard[i].completion_tokens == first[i].completion_tokens);
    BOOST_TEST((heard[i].finish == first[i].finish));
    BOOST_REQUIRE(heard[i].logprobs.size() == 1u);
    BOOST_TEST(heard[i].logprobs[0].logprob == -0.25f);
    BOOST_TEST(heard[i].logprobs[0].top[0].first == "q");
  }
  BOOST_TEST(heard.back().prompt_tokens == 7u);
  BOOST_TEST(heard.back().cached_tokens == 7u);
  BOOST_TEST(counts.hits.value() == 1u);
  BOOST_TEST(counts.misses.value() == 1u);
  BOOST_TEST(counts.entries.value() == 1.0);
  BOOST_TEST(counts.bytes.value() > 100.0 * sizeof(text_delta));
}

BOOST_FIXTURE_TEST_CASE(unseeded_sampling_passes_untouched, fixture) {
  auto any = wish(1);
  any.sampling.temperature = 0.7f;
  BOOST_TEST(bool{ask<accepted>(memo, any)});
  answer(1, 3);
  any.id = 2;
  BOOST_TEST(bool{ask<accepted>(memo, any)});
  BOOST_TEST(log.requests.size() == 2u);
  BOOST_TEST(counts.bypassed.value() == 2u);
  BOOST_TEST(counts.misses.value() == 0u);
}

BOOST_FIXTURE_TEST_CASE(only_whole_answers_are_kept, fixture) {
  request_id id = 1;
  for (const auto end : {finish_reason::error, finish_reason::cancelled}) {
    ask<accepted>(memo, wish(id));
    answer(id++, 3, end);
    BOOST_TEST(counts.entries.value() == 0.0);
  }
  ask<accepted>(memo, wish(id));
  answer(id, 3, finish_reason::length);
  BOOST_TEST(counts.entries.value() == 1.0);
}

BOOST_FIXTURE_TEST_CASE(equal_requests_at_once_both_run, fixture) {
  ask<accepted>(memo, wish(1));
  ask<accepted>(memo, wish(2));
  BOOST_TEST(log.requests.size() == 2u);
  answer(1, 2);
  answer(2, 2);
  BOOST_TEST(heard.size() == 4u);
  BOOST_TEST(counts.entries.value() == 1.0);
}

BOOST_FIXTURE_TEST_CASE(cancelled_request_leaves_nothing, fixture) {
  ask<accepted>(memo, wish(1));
  tell(memo, cancel{1});
  BOOST_TEST(log.cancels.size() == 1u);
  answer(1, 3); // the graph did not know yet
  BOOST_TEST(counts.entries.value() == 0.0);
}

BOOST_FIXTURE_TEST_CASE(cancel_stops_a_replay, fixture) {
  first_time(1, 500);
  self->send(memo, wish(2));
  sched.run_once(); // the request
  sched.run_once(); // the first pieces
  self->send(memo, cancel{2});
  sched.run();
  BOOST_TEST(heard.size() < 500u);
  BOOST_TEST(log.cancels.empty());
}

BOOST_FIXTURE_TEST_CASE(replay_rests_while_its_client_does, fixture) {
  const auto first = first_time(1, 500);
  self->send(memo, wish(2));
  sched.run_once(); // the request
  sched.run_once(); // the first pieces
  tell(memo, hold{2, true});
  const auto told = heard.size();
  BOOST_TEST(told < 500u);
  tell(memo, hold{2, true});
  BOOST_TEST(heard.size() == told);
  tell(memo, hold{2, false});
  BOOST_REQUIRE(heard.size() == 500u);
  for (std::size_t i = 0; i < first.size(); ++i)
    BOOST_TEST(heard[i].text == first[i].text);
  BOOST_TEST(log.holds.empty());
}

BOOST_FIXTURE_TEST_CASE(what_is_computed_is_held_behind_the_cache, fixture) {
  BOOST_TEST(bool{ask<accepted>(memo, wish(1))});
  tell(memo, hold{1, true});
  BOOST_TEST(log.holds == std::vector<request_id>{1},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(refusal_comes_through_and_is_not_kept, fixture) {
  log.refuse = true;
  const auto reply = ask<accepted>(memo, wish(1));
  BOOST_REQUIRE(!reply);
  BOOST_TEST((code_of(reply.error()) == errc::overloaded));
  BOOST_TEST(context_of(reply.error()) == "full");
  log.refuse = false;
  BOOST_TEST(bool{ask<accepted>(memo, wish(2))});
  BOOST_TEST(log.requests.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(late_request_is_refused_although_known, fixture) {
  first_time(1, 3);
  auto late = wish(2);
  late.deadline = std::chrono::system_clock::now() - 1s;
  const auto reply = ask<accepted>(memo, late);
  BOOST_REQUIRE(!reply);
  BOOST_TEST((code_of(reply.error()) == errc::deadline_exceeded));
  BOOST_TEST(heard.empty());
}

BOOST_AUTO_TEST_CASE(answers_are_forgotten_in_time) {
  fixture f{{1000ms, 1 << 20}};
  f.first_time(1, 3);
  f.sched.clock().current_time += 999ms;
  f.ask<accepted>(f.memo, f.wish(2));
  BOOST_TEST(f.counts.hits.value() == 1u);
  f.sched.clock().current_time += 1ms;
  f.ask<accepted>(f.memo, f.wish(3));
  BOOST_TEST(f.counts.hits.value() == 1u);
  BOOST_TEST(f.counts.entries.value() == 0.0);
}

BOOST_AUTO_TEST_CASE(answer_that_is_too_large_passes_and_is_not_kept) {
  fixture f{{1h, 8192}};
  BOOST_TEST(f.first_time(1, 100).size() == 100u);
  BOOST_TEST(f.counts.entries.value() == 0.0);
  f.ask<accepted>(f.memo, f.wish(2));
  BOOST_TEST(f.log.requests.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
