// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the batch scheduler makes of blocks that it finds by name.
#include "actors/model/batch_scheduler.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

scheduler_limits limits(std::uint32_t blocks = 32) {
  scheduler_limits l;
  l.max_running = 4;
  l.max_waiting = 8;
  l.token_budget = 100;
  l.context = 400;
  l.kv_blocks = blocks;
  return l;
}

// Tokens 0, 1, 2, ...: any two prompts share the shorter one.
sequence_request ask(request_id id, std::size_t length,
                     std::uint32_t max_tokens = 1) {
  sequence_request wish;
  wish.id = id;
  wish.deadline = instant{1h};
  wish.tokens.resize(length);
  std::iota(wish.tokens.begin(), wish.tokens.end(), 0);
  wish.max_tokens = max_tokens;
  return wish;
}

struct bench {
  explicit bench(scheduler_limits l = limits()) : batches{l, {}, {"m", ""}} {}

  void submit(sequence_request wish) {
    const auto refused = batches.submit(std::move(wish), instant{});
    BOOST_REQUIRE(!refused);
  }

  batch_plan plan() {
    auto made = batches.plan(instant{});
    BOOST_REQUIRE(made.has_value());
    return *made;
  }

  void answer(const batch_plan& plan, std::string error = {}) {
    step_result result{plan.number, {}, std::move(error)};
    for (const auto& one : plan.steps)
      if (one.outputs > 0 && result.error.empty())
        result.tokens.push_back({7, 0.0f, {}});
    batches.complete(result, out);
    const auto wrong = batches.check();
    BOOST_REQUIRE_MESSAGE(!wrong, wrong.value_or(""));
  }

  // Runs until nobody is left.
  void run() {
    while (batches.running() + batches.waiting() > 0)
      answer(plan());
  }

  batch_scheduler batches;
  std::vector<generated> out;
};

} // namespace

BOOST_AUTO_TEST_SUITE(prefix_cache)

BOOST_AUTO_TEST_CASE(a_prompt_starts_behind_the_blocks_it_finds) {
  bench b;
  b.submit(ask(1, 40));
  b.run();
  b.submit(ask(2, 50));
  const auto plan = b.plan();
  BOOST_TEST(plan.steps[0].start == 32u);
  BOOST_TEST(plan.steps[0].tokens.size() == 18u);
  b.answer(plan);
  BOOST_TEST(b.out.at(0).cached_tokens == 0u);
  BOOST_TEST(b.out.at(1).cached_tokens == 32u);
  const auto counts = b.batches.take_counts();
  BOOST_TEST(counts.cache_queries == 90u);
  BOOST_TEST(counts.cache_hits == 32u);
}

BOOST_AUTO_TEST_CASE(the_last_prompt_token_is_always_computed) {
  bench b;
  b.submit(ask(1, 48));
  b.run();
  b.submit(ask(2, 48));
  const auto plan = b.plan();
  BOOST_TEST(plan.steps[0].start == 32u);
  BOOST_TEST(plan.steps[0].tokens.size() == 16u);
}

BOOST_AUTO_TEST_CASE(answers_are_found_by_the_next_turn) {
  bench b;
  b.submit(ask(1, 16, 17));
  b.run();
  auto next = ask(2, 16);
  next.tokens.insert(next.tokens.end(), 20, 7); // what the model said, and more
  b.submit(next);
  BOOST_TEST(b.plan().steps[0].start == 32u);
}

BOOST_AUTO_TEST_CASE(prompts_of_one_plan_share_their_beginning) {
  bench b;
  b.submit(ask(1, 40));
  b.submit(ask(2, 40));
  const auto plan = b.plan();
  BOOST_REQUIRE(plan.steps.size() == 2u);
  BOOST_TEST(plan.steps[1].start == 32u);
  BOOST_TEST(plan.steps[1].blocks[0] == plan.steps[0].blocks[0]);
  BOOST_TEST(plan.steps[1].blocks[2] != plan.steps[0].blocks[2]);
}

BOOST_AUTO_TEST_CASE(another_salt_finds_nothing) {
  bench b;
  b.submit(ask(1, 40));
  b.run();
  auto salted = ask(2, 40);
  salted.cache_salt = "tenant";
  b.submit(salted);
  BOOST_TEST(b.plan().steps[0].start == 0u);
}

BOOST_AUTO_TEST_CASE(switched_off_it_finds_nothing) {
  auto l = limits();
  l.prefix_cache = false;
  bench b{l};
  b.submit(ask(1, 40));
  b.run();
  b.submit(ask(2, 40));
  BOOST_TEST(b.plan().steps[0].start == 0u);
  BOOST_TEST(b.batches.pool().cached() == 0u);
  BOOST_TEST(b.batches.take_counts().cache_queries == 0u);
}

BOOST_AUTO_TEST_CASE(a_failed_plan_leaves_nothing_to_find) {
  bench b;
  b.submit(ask(1, 40));
  b.answer(b.plan(), "broken");
  b.submit(ask(2, 40));
  BOOST_TEST(b.plan().steps[0].start == 0u);
}

BOOST_AUTO_TEST_CASE(who_built_on_a_failed_plan_fails_with_it) {
  auto l = limits();
  l.plans_in_flight = 2;
  bench b{l};
  b.submit(ask(1, 40));
  const auto first = b.plan();
  b.submit(ask(2, 60));
  auto alone = ask(3, 40);
  alone.cache_salt = "other";
  b.submit(alone);
  const auto second = b.plan();
  BOOST_TEST(second.steps[0].start == 32u);
  b.answer(first, "broken");
  BOOST_REQUIRE(b.out.size() == 2u);
  BOOST_TEST(b.out[1].id == 2u);
  BOOST_TEST(b.out[1].error == "broken");
  b.answer(second);
  BOOST_TEST((b.out.back().finish == finish_reason::length));
  BOOST_TEST(b.out.back().id == 3u);
  b.submit(ask(4, 60)); // what 2 wrote is not found either
  BOOST_TEST(b.plan().steps[0].start == 0u);
}

BOOST_AUTO_TEST_CASE(a_preempted_answer_finds_its_own_blocks) {
  bench b{limits(5)};
  auto old = ask(1, 30, 20);
  old.cache_salt = "a";
  auto young = ask(2, 30, 40);
  young.cache_salt = "b";
  b.submit(old);
  b.submit(young);
  std::size_t computed = 0;
  while (b.batches.running() + b.batches.waiting() > 0) {
    const auto plan = b.plan();
    for (std::size_t i = 0; i < plan.steps.size(); ++i)
      if (plan.sequences[i] == 2)
        computed += plan.steps[i].tokens.size();
    b.answer(plan);
  }
  BOOST_TEST(b.batches.take_counts().preemptions == 1u);
  BOOST_TEST(computed == 69u + 16u); // again only the block that was taken
  BOOST_TEST(b.out.size() == 60u);
}

BOOST_AUTO_TEST_CASE(a_prefill_ends_without_a_token_and_stays_pinned) {
  bench b{limits(6)};
  auto fill = ask(1, 40);
  fill.prefill_only = true;
  fill.session = "talk";
  b.submit(fill);
  const auto plan = b.plan();
  BOOST_TEST(plan.steps[0].outputs == 0u);
  b.answer(plan);
  BOOST_REQUIRE(b.out.size() == 1u);
  BOOST_TEST(!b.out[0].has_token);
  BOOST_TEST((b.out[0].finish == finish_reason::length));
  BOOST_TEST(b.batches.pool().free() == 4u);
  // Others come and go; the session is still there.
  auto other = ask(2, 60);
  other.cache_salt = "other";
  b.submit(other);
  b.run();
  b.submit(ask(3, 41));
  BOOST_TEST(b.plan().steps[0].start == 32u);
}

BOOST_AUTO_TEST_CASE(a_forgotten_session_may_be_evicted) {
  bench b{limits(6)};
  auto fill = ask(1, 40);
  fill.prefill_only = true;
  fill.session = "talk";
  b.submit(fill);
  b.run();
  b.batches.forget_session("talk");
  b.batches.forget_session("nobody");
  BOOST_TEST(b.batches.pool().free() == 6u);
  auto other = ask(2, 90);
  other.cache_salt = "other";
  b.submit(other);
  b.run();
  b.submit(ask(3, 41));
  BOOST_TEST(b.plan().steps[0].start == 0u);
}

BOOST_AUTO_TEST_CASE(pins_give_way_before_a_prompt_must_wait) {
  bench b{limits(6)};
  auto fill = ask(1, 80);
  fill.prefill_only = true;
  fill.session = "talk";
  b.submit(fill);
  b.run();
  auto other = ask(2, 90);
  other.cache_salt = "other";
  b.submit(other);
  b.run();
  BOOST_TEST(b.out.size() == 2u);
  BOOST_TEST(b.batches.pool().pins() == 0u);
}

BOOST_AUTO_TEST_CASE(a_session_pins_its_answer_too) {
  bench b;
  auto talk = ask(1, 16, 33);
  talk.session = "talk";
  b.submit(talk);
  b.run();
  BOOST_TEST(b.batches.pool().pins() == 1u);
  BOOST_TEST(b.batches.pool().free() == 29u); // 48 tokens of 49 are stored
}

BOOST_AUTO_TEST_CASE(counts_that_do_not_add_up_fail_the_plan) {
  bench b;
  b.submit(ask(1, 10, 3));
  const auto plan = b.plan();
  step_result result{plan.number, {{5, 0.0f, {}}}, {}};
  result.counts = {2};
  b.batches.complete(result, b.out);
  BOOST_TEST(b.out.at(0).error
             == "the last stage gave 1 tokens where 2 were wanted");
}

BOOST_AUTO_TEST_SUITE_END()
