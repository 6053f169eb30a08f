// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/batch_scheduler.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

constexpr std::int32_t end_token = 9;

scheduler_limits small() {
  scheduler_limits limits;
  limits.max_running = 4;
  limits.max_waiting = 3;
  limits.token_budget = 20;
  limits.context = 64;
  limits.kv_blocks = 16;
  return limits;
}

sequence_request ask(request_id id, std::size_t prompt,
                     std::uint32_t max_tokens = 0) {
  sequence_request wish;
  wish.id = id;
  wish.deadline = instant{1h};
  wish.tokens.assign(prompt, static_cast<std::int32_t>(id) + 20);
  wish.max_tokens = max_tokens;
  return wish;
}

struct bench {
  explicit bench(scheduler_limits limits = small())
      : batches{limits, {end_token}} {}

  // Plans and answers once, every sample being `token`.
  batch_plan step(std::int32_t token = 5) {
    auto plan = batches.plan(now);
    BOOST_REQUIRE(plan.has_value());
    answer(*plan, token);
    return *plan;
  }

  void answer(const batch_plan& plan, std::int32_t token = 5) {
    step_result result{plan.number, {}, {}};
    for (const auto& one : plan.steps)
      if (one.outputs > 0)
        result.tokens.push_back({token, 0.0f, {}});
    batches.complete(result, out);
    BOOST_REQUIRE(!batches.check());
  }

  refusal refused(sequence_request wish) {
    return batches.submit(std::move(wish), now).value_or(refusal{});
  }

  batch_scheduler batches;
  instant now{};
  std::vector<generated> out;
};

} // namespace

BOOST_AUTO_TEST_SUITE(batch_scheduler_)

BOOST_AUTO_TEST_CASE(nothing_to_do_gives_no_plan) {
  bench b;
  BOOST_TEST(!b.batches.plan(b.now));
}

BOOST_AUTO_TEST_CASE(a_prompt_runs_then_decodes_one_token_a_step) {
  bench b;
  b.batches.submit(ask(1, 5, 3), b.now);
  const auto prefill = b.step();
  BOOST_TEST(prefill.steps[0].tokens.size() == 5u);
  BOOST_TEST(prefill.steps[0].outputs == 1u);
  BOOST_TEST(prefill.opened.size() == 1u);
  const auto decode = b.step();
  BOOST_TEST(decode.steps[0].tokens == std::vector<std::int32_t>{5},
             boost::test_tools::per_element());
  BOOST_TEST(decode.steps[0].start == 5u);
  BOOST_TEST(decode.opened.empty());
  b.step();
  BOOST_REQUIRE(b.out.size() == 3u);
  BOOST_TEST((b.out[2].finish == finish_reason::length));
  BOOST_TEST(b.batches.pool().free() == 16u);
}

BOOST_AUTO_TEST_CASE(the_last_stage_learns_of_the_end) {
  bench b;
  b.batches.submit(ask(1, 5, 1), b.now);
  const auto first = b.step();
  const auto closing = b.batches.plan(b.now);
  BOOST_REQUIRE(closing.has_value());
  BOOST_TEST(closing->steps.empty());
  BOOST_TEST(closing->closed == first.sequences,
             boost::test_tools::per_element());
  b.answer(*closing);
  BOOST_TEST(!b.batches.plan(b.now));
}

BOOST_AUTO_TEST_CASE(a_long_prompt_is_cut_and_decodes_go_first) {
  bench b;
  b.batches.submit(ask(1, 4), b.now);
  b.step();
  b.batches.submit(ask(2, 50), b.now);
  for (const std::size_t chunk : {19u, 19u, 12u}) {
    const auto plan = b.step();
    BOOST_REQUIRE(plan.steps.size() == 2u);
    BOOST_TEST(plan.steps[0].tokens.size() == 1u); // the decode
    BOOST_TEST(plan.steps[1].tokens.size() == chunk);
    BOOST_TEST(plan.steps[1].outputs == (chunk == 12 ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(thirty_two_sequences_decode_in_one_plan) {
  scheduler_limits limits;
  limits.max_running = 32;
  limits.context = 64;
  limits.kv_blocks = 200;
  bench b{limits};
  for (request_id id = 1; id <= 32; ++id)
    BOOST_REQUIRE(!b.batches.submit(ask(id, 8), b.now));
  b.step();
  BOOST_TEST(b.step().steps.size() == 32u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_overloaded) {
  bench b;
  for (request_id id = 1; id <= 3; ++id)
    BOOST_TEST(!b.batches.submit(ask(id, 4), b.now));
  const auto no = b.refused(ask(4, 4));
  BOOST_TEST((no.code == errc::overloaded));
  BOOST_TEST(no.text == "the model's queue of 3 prompts is full");
}

BOOST_AUTO_TEST_CASE(a_prompt_that_leaves_no_room_gets_both_lengths) {
  bench b;
  const auto no = b.refused(ask(1, 64));
  BOOST_TEST((no.code == errc::prompt_too_long));
  BOOST_TEST(no.text
             == "the prompt has 64 tokens; the context holds 64, of which one "
                "is needed for the answer");
  BOOST_TEST(!b.batches.submit(ask(2, 63), b.now));
}

BOOST_AUTO_TEST_CASE(too_few_blocks_shorten_the_context) {
  auto limits = small();
  limits.kv_blocks = 2;
  bench b{limits};
  BOOST_TEST(b.batches.max_positions() == 32u);
  BOOST_TEST((b.refused(ask(1, 32)).code == errc::prompt_too_long));
}

BOOST_AUTO_TEST_CASE(empty_and_twice_are_bad_requests) {
  bench b;
  BOOST_TEST(b.refused(ask(1, 0)).text == "the prompt is empty");
  b.batches.submit(ask(1, 4), b.now);
  BOOST_TEST(b.refused(ask(1, 4)).text == "request 1 is already running");
}

BOOST_AUTO_TEST_CASE(an_end_token_stops_unless_it_is_ignored) {
  bench b;
  auto stubborn = ask(2, 4);
  stubborn.sampling.ignore_eos = true;
  b.batches.submit(ask(1, 4), b.now);
  b.batches.submit(stubborn, b.now);
  b.step(end_token);
  BOOST_REQUIRE(b.out.size() == 2u);
  BOOST_TEST((b.out[0].finish == finish_reason::stop));
  BOOST_TEST(b.out[0].has_token);
  BOOST_TEST((b.out[1].finish == finish_reason::none));
}

BOOST_AUTO_TEST_CASE(a_stop_token_ends_its_own_request_alone) {
  bench b;
  auto stopped = ask(2, 4);
  stopped.sampling.stop_token_ids = {7};
  stopped.sampling.ignore_eos = true;
  b.batches.submit(ask(1, 4), b.now);
  b.batches.submit(stopped, b.now);
  b.step(7);
  BOOST_REQUIRE(b.out.size() == 2u);
  BOOST_TEST((b.out[0].finish == finish_reason::none));
  BOOST_TEST((b.out[1].finish == finish_reason::stop));
}

BOOST_AUTO_TEST_CASE(the_contexts_end_is_a_length) {
  bench b;
  b.batches.submit(ask(1, 62, 100), b.now);
  while (b.batches.running() + b.batches.waiting() > 0)
    b.step();
  BOOST_TEST(b.out.size() == 2u);
  BOOST_TEST((b.out.back().finish == finish_reason::length));
}

BOOST_AUTO_TEST_CASE(cancel_frees_blocks_even_in_flight) {
  bench b;
  b.batches.submit(ask(1, 10), b.now);
  const auto plan = b.batches.plan(b.now);
  b.batches.cancel(1, b.out);
  BOOST_TEST(b.batches.pool().free() == 16u);
  BOOST_TEST(!b.batches.check());
  BOOST_TEST((b.out.at(0).finish == finish_reason::cancelled));
  b.answer(*plan);
  BOOST_TEST(b.out.size() == 1u); // the token was for nobody
}

BOOST_AUTO_TEST_CASE(a_cancelled_id_may_come_again_while_in_flight) {
  bench b;
  b.batches.submit(ask(1, 10), b.now);
  const auto plan = b.batches.plan(b.now);
  b.batches.cancel(1, b.out);
  BOOST_TEST(!b.batches.submit(ask(1, 3, 1), b.now));
  b.answer(*plan);
  BOOST_TEST(b.out.size() == 1u);
  BOOST_TEST(b.step().steps.at(0).tokens.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_held_answer_leaves_blocks_and_place_to_others) {
  auto limits = small();
  limits.max_running = 1;
  limits.prefix_cache = false;
  bench b{limits};
  b.batches.submit(ask(1, 5, 4), b.now);
  b.batches.submit(ask(2, 5, 1), b.now);
  b.step();
  // Its token under way still counts.
  const auto plan = b.batches.plan(b.now);
  BOOST_REQUIRE(plan.has_value());
  b.batches.hold(1, true);
  BOOST_TEST(b.batches.running() == 1u);
  b.answer(*plan);
  BOOST_TEST(b.out.size() == 2u);
  BOOST_TEST(b.batches.running() == 0u);
  BOOST_TEST(b.batches.pool().free() == b.batches.pool().size());
  b.out.clear();
  b.step();
  BOOST_REQUIRE(b.out.size() == 1u);
  BOOST_TEST(b.out[0].id == 2u);
  while (const auto rest = b.batches.plan(b.now))
    b.answer(*rest);
  BOOST_TEST(b.out.size() == 1u);
  BOOST_TEST(b.batches.waiting() == 1u);
  // It goes on with all of its tokens and the sampler that it had.
  b.batches.hold(1, false);
  const auto again = b.step();
  BOOST_REQUIRE(again.steps.size() == 1u);
  BOOST_TEST(again.steps[0].tokens.size() == 7u);
  BOOST_TEST(again.opened.empty());
  b.step();
  BOOST_TEST((b.out.back().finish == finish_reason::length));
  BOOST_TEST(b.batches.take_counts().preemptions == 0u);
}

BOOST_AUTO_TEST_CASE(a_held_answer_can_be_cancelled_and_expires) {
  bench b;
  b.batches.submit(ask(1, 5), b.now);
  auto late = ask(2, 5);
  late.deadline = instant{1s};
  b.batches.submit(std::move(late), b.now);
  b.step();
  b.batches.hold(1, true);
  b.batches.hold(2, true);
  b.batches.hold(3, true); // nobody
  BOOST_TEST(b.batches.waiting() == 2u);
  b.out.clear();
  b.batches.expire(instant{1s}, b.out);
  b.batches.cancel(1, b.out);
  BOOST_REQUIRE(b.out.size() == 2u);
  BOOST_TEST((b.out[0].code == errc::deadline_exceeded));
  BOOST_TEST((b.out[1].finish == finish_reason::cancelled));
  BOOST_TEST(b.step().closed.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_unknown_id_is_ignored_by_cancel) {
  bench b;
  b.batches.cancel(77, b.out);
  BOOST_TEST(b.out.empty());
}

BOOST_AUTO_TEST_CASE(deadlines_end_waiting_and_running_answers) {
  bench b;
  for (request_id id = 1; id <= 2; ++id) {
    auto wish = ask(id, 4);
    wish.deadline = instant{1s};
    b.batches.submit(wish, b.now);
  }
  b.batches.submit(ask(3, 4), b.now);
  b.step();
  b.out.clear();
  BOOST_TEST((b.batches.next_deadline() == instant{1s}));
  b.batches.expire(instant{1s} - 1ns, b.out);
  BOOST_TEST(b.out.empty());
  b.batches.expire(instant{1s}, b.out);
  BOOST_REQUIRE(b.out.size() == 2u);
  BOOST_TEST((b.out[0].code == errc::deadline_exceeded));
  BOOST_TEST(b.out[0].error == "the deadline passed after 1 tokens");
  BOOST_TEST(b.batches.running() == 1u);
}

BOOST_AUTO_TEST_CASE(a_passed_deadline_is_refused_at_once) {
  bench b;
  b.now = instant{2h};
  BOOST_TEST((b.refused(ask(1, 4)).code == errc::deadline_exceeded));
}

BOOST_AUTO_TEST_CASE(nobody_overtakes_a_prompt_that_waits_for_blocks) {
  auto limits = small();
  limits.kv_blocks = 4;
  bench b{limits};
  b.batches.submit(ask(1, 20), b.now); // 2 blocks
  b.step();
  b.batches.submit(ask(2, 40), b.now); // 3 blocks: must wait
  b.batches.submit(ask(3, 4), b.now);  // would fit
  b.step();
  BOOST_TEST(b.batches.running() == 1u);
  BOOST_TEST(b.batches.waiting() == 2u);
}

BOOST_AUTO_TEST_CASE(the_youngest_gives_way_and_is_prefilled_again) {
  auto limits = small();
  limits.kv_blocks = 5;
  limits.token_budget = 64;
  bench b{limits};
  b.batches.submit(ask(1, 30), b.now); // 2 blocks, third at token 33
  b.batches.submit(ask(2, 30), b.now); // 2 blocks: one left
  b.step();
  b.step();
  BOOST_TEST(b.batches.pool().free() == 1u);
  b.step(); // both have 32 tokens stored
  const auto squeeze = b.step();
  BOOST_TEST(squeeze.steps.size() == 1u); // the older took the last block
  BOOST_TEST(squeeze.sequences.at(0) == 1u);
  BOOST_TEST(b.batches.running() == 2u);
  b.batches.cancel(1, b.out);
  const auto again = b.step();
  BOOST_TEST(again.steps.at(0).start == 32u);
  BOOST_TEST(again.opened.empty());
}

BOOST_AUTO_TEST_CASE(a_preempted_sequence_keeps_its_tokens_and_sampler) {
  auto limits = small();
  limits.kv_blocks = 4;
  limits.token_budget = 64;
  bench b{limits};
  b.batches.submit(ask(1, 17, 40), b.now);
  b.step();
  b.batches.submit(ask(2, 12, 30), b.now);
  std::uint64_t preemptions = 0;
  std::size_t longest = 0;
  std::size_t opened = 0;
  while (b.batches.running() + b.batches.waiting() > 0) {
    const auto plan = b.step();
    preemptions += b.batches.take_counts().preemptions;
    opened += plan.opened.size();
    for (std::size_t i = 0; i < plan.steps.size(); ++i)
      if (plan.sequences[i] == 2 && plan.steps[i].start == 0)
        longest = std::max(longest, plan.steps[i].tokens.size());
  }
  BOOST_TEST(preemptions >= 1u);
  BOOST_TEST(opened == 1u);  // of sequence 2; 1 was opened before
  BOOST_TEST(longest > 12u); // prompt and answer so far
  BOOST_TEST(b.out.size() == 70u);
}

BOOST_AUTO_TEST_CASE(two_stages_share_the_decodes) {
  auto limits = small();
  limits.plans_in_flight = 2;
  bench b{limits};
  for (request_id id = 1; id <= 3; ++id)
    b.batches.submit(ask(id, 2), b.now);
  b.step();
  const auto one = b.batches.plan(b.now);
  const auto two = b.batches.plan(b.now);
  BOOST_TEST(one->steps.size() == 2u);
  BOOST_TEST(two->steps.size() == 1u);
  BOOST_TEST(!b.batches.plan(b.now)); // both stages are busy
  b.answer(*one);
  b.answer(*two);
}

BOOST_AUTO_TEST_CASE(a_failed_plan_fails_its_own_requests_only) {
  auto limits = small();
  limits.plans_in_flight = 2;
  bench b{limits};
  b.batches.submit(ask(1, 2), b.now);
  const auto one = b.batches.plan(b.now);
  b.batches.submit(ask(2, 2), b.now);
  const auto two = b.batches.plan(b.now);
  b.batches.complete({one->number, {}, "stage 0 broke"}, b.out);
  BOOST_REQUIRE(b.out.size() == 1u);
  BOOST_TEST((b.out[0].code == errc::model_failed));
  BOOST_TEST(b.out[0].error == "stage 0 broke");
  b.answer(*two);
  BOOST_TEST(b.out.back().id == 2u);
  BOOST_TEST((b.out.back().finish == finish_reason::none));
}

BOOST_AUTO_TEST_CASE(too_few_tokens_from_a_stage_fail_the_plan) {
  bench b;
  b.batches.submit(ask(1, 2), b.now);
  const auto plan = b.batches.plan(b.now);
  b.batches.complete({plan->number, {}, {}}, b.out);
  BOOST_TEST(b.out.at(0).error
             == "the last stage gave 0 tokens where 1 were wanted");
}

BOOST_AUTO_TEST_CASE(counts_tell_queue_time_and_prompt_tokens_once) {
  bench b;
  b.batches.submit(ask(1, 7), b.now);
  b.now += 250ms;
  b.step();
  const auto counts = b.batches.take_counts();
  BOOST_TEST(counts.prompt_tokens == 7u);
  BOOST_REQUIRE(counts.queue_seconds.size() == 1u);
  BOOST_TEST(counts.queue_seconds[0] == 0.25);
  BOOST_TEST(b.batches.take_counts().prompt_tokens == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
