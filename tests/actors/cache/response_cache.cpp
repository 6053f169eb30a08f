// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/cache/response_cache.hpp"

#include "actors/cache/answer_key.hpp"
#include "actors/cache/recorded_answer.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

using time_point = response_cache::time_point;

answer_key key(std::uint8_t first) {
  answer_key out{};
  out[0] = first;
  return out;
}

response_cache::answer_ptr answer() {
  return std::make_shared<const recorded_answer>();
}

request greedy() {
  request wish;
  wish.id = 1;
  wish.tenant = "a";
  wish.text = "Once";
  wish.sampling.temperature = 0.0f;
  wish.sampling.seed = 77;
  return wish;
}

// The key of `wish` after `change`.
template <class Change>
std::optional<answer_key> key_after(request wish, Change change) {
  change(wish);
  return key_of(wish);
}

} // namespace

BOOST_AUTO_TEST_SUITE(response_cache_)

BOOST_AUTO_TEST_CASE(what_was_kept_is_found_until_it_is_too_old) {
  response_cache cache{10s, 1000};
  const time_point start{};
  const auto kept = answer();
  cache.keep(key(1), kept, 100, start);
  BOOST_TEST((cache.find(key(1), start + 9999ms) == kept));
  BOOST_TEST((cache.find(key(2), start) == nullptr));
  BOOST_TEST(cache.bytes() == 100u);
  BOOST_TEST((cache.find(key(1), start + 10s) == nullptr));
  BOOST_TEST(cache.bytes() == 0u);
  BOOST_TEST(cache.entries() == 0u);
}

BOOST_AUTO_TEST_CASE(use_does_not_make_an_answer_younger) {
  response_cache cache{10s, 1000};
  cache.keep(key(1), answer(), 1, time_point{});
  cache.find(key(1), time_point{9s});
  BOOST_TEST((cache.find(key(1), time_point{10s}) == nullptr));
}

BOOST_AUTO_TEST_CASE(least_recently_used_goes_first) {
  response_cache cache{1h, 300};
  for (std::uint8_t i = 1; i <= 3; ++i)
    cache.keep(key(i), answer(), 100, time_point{});
  cache.find(key(1), time_point{});
  cache.keep(key(4), answer(), 150, time_point{});
  BOOST_TEST((cache.find(key(1), time_point{}) != nullptr));
  BOOST_TEST((cache.find(key(2), time_point{}) == nullptr));
  BOOST_TEST((cache.find(key(3), time_point{}) == nullptr));
  BOOST_TEST(cache.bytes() == 250u);
}

BOOST_AUTO_TEST_CASE(answer_larger_than_the_cache_is_not_taken) {
  response_cache cache{1h, 300};
  cache.keep(key(1), answer(), 200, time_point{});
  cache.keep(key(2), answer(), 301, time_point{});
  BOOST_TEST(cache.entries() == 1u);
  BOOST_TEST(cache.bytes() == 200u);
}

BOOST_AUTO_TEST_CASE(newer_answer_takes_the_place_of_the_older) {
  response_cache cache{10s, 300};
  cache.keep(key(1), answer(), 200, time_point{});
  const auto second = answer();
  cache.keep(key(1), second, 300, time_point{5s});
  BOOST_TEST(cache.bytes() == 300u);
  BOOST_TEST((cache.find(key(1), time_point{14s}) == second));
}

BOOST_AUTO_TEST_CASE(books_hold_over_random_use) {
  response_cache cache{50s, 1000};
  std::uint32_t random = 1;
  const auto next = [&](std::uint32_t below) {
    random = random * 1664525u + 1013904223u;
    return (random >> 8) % below;
  };
  for (int step = 0; step < 20000; ++step) {
    const time_point now{std::chrono::seconds{step / 10}};
    const auto one = key(static_cast<std::uint8_t>(next(40)));
    if (next(2) == 0)
      cache.keep(one, answer(), next(1100), now);
    else
      cache.find(one, now);
    BOOST_REQUIRE(cache.bytes() <= 1000u);
  }
  cache.expire(time_point{1h});
  BOOST_TEST(cache.bytes() == 0u);
  BOOST_TEST(cache.entries() == 0u);
}

BOOST_AUTO_TEST_CASE(sampled_answers_are_kept_only_for_a_given_seed) {
  auto wish = greedy();
  wish.sampling.temperature = 1.0f;
  BOOST_TEST(!key_of(wish));
  wish.sampling.seeded = true;
  BOOST_TEST(key_of(wish).has_value());
  BOOST_TEST((key_of(wish)
              != key_after(wish, [](request& x) { x.sampling.seed = 78; })));
  BOOST_TEST((key_of(wish)
              != key_after(wish, [](request& x) { x.sampling.stream = 1; })));
  BOOST_TEST((key_of(wish)
              != key_after(wish, [](request& x) { x.sampling.top_k = 9; })));
}

BOOST_AUTO_TEST_CASE(what_cannot_change_a_greedy_answer_is_not_in_its_key) {
  const auto same = [](auto change) {
    return key_of(greedy()) == key_after(greedy(), change);
  };
  BOOST_TEST(same([](request& x) { x.id = 9; }));
  BOOST_TEST(same([](request& x) { x.deadline = instant{5s}; }));
  BOOST_TEST(same([](request& x) { x.priority = -1; }));
  BOOST_TEST(same([](request& x) { x.sampling.seed = 5; }));
  BOOST_TEST(same([](request& x) { x.sampling.seeded = true; }));
  BOOST_TEST(same([](request& x) { x.sampling.stream = 3; }));
  BOOST_TEST(same([](request& x) { x.sampling.top_p = 0.5f; }));
}

BOOST_AUTO_TEST_CASE(requests_of_a_session_have_no_key) {
  auto wish = greedy();
  wish.session = "s";
  BOOST_TEST(!key_of(wish));
  wish.session.clear();
  wish.prefill_only = true;
  BOOST_TEST(!key_of(wish));
}

BOOST_AUTO_TEST_CASE(requests_that_read_their_prompt_have_no_key) {
  auto wish = greedy();
  wish.reading = {sluice::device::reading_kind::scores, 1};
  BOOST_TEST(!key_of(wish));
}

BOOST_AUTO_TEST_CASE(whatever_can_change_an_answer_is_in_its_key) {
  const auto differs = [](auto change) {
    return key_of(greedy()) != key_after(greedy(), change);
  };
  BOOST_TEST(differs([](request& x) { x.text = "Twice"; }));
  BOOST_TEST(differs([](request& x) { x.tokens = {1}; }));
  BOOST_TEST(differs([](request& x) { x.messages = "[]"; }));
  BOOST_TEST(differs([](request& x) { x.tools = "[]"; }));
  BOOST_TEST(differs([](request& x) { x.template_options = "{}"; }));
  BOOST_TEST(differs([](request& x) { x.output.max_tokens = 4; }));
  BOOST_TEST(differs([](request& x) { x.output.stop = {"."}; }));
  BOOST_TEST(differs([](request& x) { x.output.logprobs = true; }));
  BOOST_TEST(differs([](request& x) { x.output.specials = true; }));
  BOOST_TEST(differs([](request& x) { x.sampling.top_logprobs = 2; }));
  BOOST_TEST(differs([](request& x) { x.sampling.logit_bias = {{1, 2.f}}; }));
  BOOST_TEST(differs([](request& x) { x.sampling.presence_penalty = 1; }));
  BOOST_TEST(differs([](request& x) { x.sampling.ignore_eos = true; }));
  // Nothing is told across tenants or labels.
  BOOST_TEST(differs([](request& x) { x.tenant = "b"; }));
  BOOST_TEST(differs([](request& x) { x.cache_salt = "b"; }));
  BOOST_TEST(differs([](request& x) { x.labels = {"sensitive"}; }));
  // Fields that hold the same bytes in another place differ too.
  BOOST_TEST(
      (key_after(greedy(), [](request& x) { x.tools = "ab"; })
       != key_after(greedy(), [](request& x) { x.template_options = "ab"; })));
}

BOOST_AUTO_TEST_SUITE_END()
