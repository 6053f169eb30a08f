// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Choices of one prompt (n > 1), attention windows, tenants, priorities and
// deadlines, as the batch scheduler plans them.
#include "actors/model/batch_scheduler.hpp"

#include "device/backend.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

scheduler_limits limits() {
  scheduler_limits l;
  l.max_running = 4;
  l.max_waiting = 8;
  l.token_budget = 100;
  l.context = 400;
  l.kv_blocks = 40;
  return l;
}

sequence_request ask(request_id id, std::size_t length,
                     std::uint32_t max_tokens = 10) {
  sequence_request wish;
  wish.id = id;
  wish.deadline = instant{1h};
  wish.tokens.resize(length);
  std::iota(wish.tokens.begin(), wish.tokens.end(),
            static_cast<std::int32_t>(id * 1000));
  wish.max_tokens = max_tokens;
  return wish;
}

sequence_request choice(request_id id, std::size_t length) {
  auto wish = ask(1, length);
  wish.id = id;
  wish.group = 1;
  return wish;
}

struct bench {
  explicit bench(scheduler_limits l = limits()) : batches{l, {}} {}

  void submit(sequence_request wish) {
    const auto refused = batches.submit(std::move(wish), instant{});
    BOOST_REQUIRE(!refused);
  }

  batch_plan step() {
    auto plan = batches.plan(instant{});
    BOOST_REQUIRE(plan.has_value());
    step_result result{plan->number, {}, {}};
    for (const auto& one : plan->steps)
      if (one.outputs > 0)
        result.tokens.push_back({7, 0.0f, {}});
    batches.complete(result, out);
    const auto wrong = batches.check();
    BOOST_REQUIRE_MESSAGE(!wrong, wrong.value_or(""));
    return *plan;
  }

  batch_scheduler batches;
  std::vector<generated> out;
};

} // namespace

BOOST_AUTO_TEST_SUITE(choices)

BOOST_AUTO_TEST_CASE(a_prompt_is_computed_once_and_its_last_block_copied) {
  for (const bool cache : {true, false}) {
    auto l = limits();
    l.prefix_cache = cache;
    bench b{l};
    for (request_id id = 1; id <= 3; ++id)
      b.submit(choice(id, 40));
    const auto first = b.step();
    BOOST_REQUIRE(first.steps.size() == 1u); // its sisters wait for it
    const auto second = b.step();
    BOOST_REQUIRE(second.steps.size() == 3u);
    BOOST_REQUIRE(second.copies.size() == 2u);
    for (std::size_t i = 1; i < 3; ++i) {
      const auto& step = second.steps[i];
      BOOST_TEST(step.start == 39u);
      BOOST_TEST(step.tokens.size() == 1u);
      BOOST_TEST(step.blocks[1] == first.steps[0].blocks[1]);
      BOOST_TEST(step.blocks[2] == second.copies[i - 1].to);
      BOOST_TEST(second.copies[i - 1].from == first.steps[0].blocks[2]);
    }
    BOOST_TEST(b.batches.pool().free() == 40u - 2u - 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_prompt_that_ends_with_its_block_needs_a_copy_too) {
  bench b;
  b.submit(choice(1, 32));
  b.submit(choice(2, 32));
  b.step();
  const auto plan = b.step();
  // The last token is computed again, and into a block of its own.
  BOOST_TEST(plan.copies.size() == 1u);
  BOOST_TEST(plan.steps[1].start == 31u);
}

BOOST_AUTO_TEST_CASE(one_token_over_a_block_needs_no_copy) {
  bench b;
  b.submit(choice(1, 33));
  b.submit(choice(2, 33));
  b.step();
  const auto plan = b.step();
  BOOST_TEST(plan.copies.empty());
  BOOST_TEST(plan.steps[1].start == 32u);
}

BOOST_AUTO_TEST_CASE(others_pass_a_choice_that_waits_for_its_sister) {
  auto l = limits();
  l.token_budget = 30;
  bench b{l};
  b.submit(choice(1, 25));
  b.submit(choice(2, 25));
  b.submit(ask(3, 5));
  const auto plan = b.step();
  BOOST_REQUIRE(plan.steps.size() == 2u);
  BOOST_TEST(plan.sequences[1] == 3u);
}

BOOST_AUTO_TEST_CASE(a_choice_whose_sister_is_gone_runs_alone) {
  bench b;
  b.submit(choice(1, 20));
  b.submit(choice(2, 20));
  b.batches.cancel(1, b.out);
  const auto plan = b.step();
  BOOST_TEST(plan.steps.at(0).start == 0u);
  BOOST_TEST(plan.copies.empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(attention_windows)

BOOST_AUTO_TEST_CASE(blocks_behind_the_window_are_free_and_sinks_stay) {
  auto l = limits();
  l.window = {.window = 32, .sinks = 4};
  bench b{l};
  b.submit(ask(1, 100, 30));
  b.step();
  const auto plan = b.step(); // position 100 sees 69..100 and 0..3
  const auto& blocks = plan.steps[0].blocks;
  BOOST_REQUIRE(blocks.size() == 7u);
  BOOST_TEST(blocks[0] != device::no_block);
  for (std::size_t i = 1; i < 4; ++i)
    BOOST_TEST(blocks[i] == device::no_block);
  BOOST_TEST(blocks[4] != device::no_block);
  BOOST_TEST(b.batches.pool().free() == 40u - 4u);
}

BOOST_AUTO_TEST_CASE(a_window_carries_a_context_that_blocks_could_not) {
  auto l = limits();
  l.kv_blocks = 12;
  l.prefix_cache = false;
  l.window = {.window = 32, .sinks = 4};
  bench b{l};
  BOOST_TEST(b.batches.max_positions() == 400u);
  b.submit(ask(1, 350, 50));
  while (b.batches.running() + b.batches.waiting() > 0)
    b.step();
  BOOST_TEST(b.out.size() == 50u);
  BOOST_TEST(b.batches.take_counts().preemptions == 0u);
}

BOOST_AUTO_TEST_CASE(what_the_window_sees_is_counted_in_blocks) {
  const attention_window w{.window = 32, .sinks = 17};
  BOOST_TEST(w.sink_blocks() == 2u);
  BOOST_TEST(w.first_seen(31) == 0u);
  BOOST_TEST(w.first_seen(46) == 0u); // sees 15
  BOOST_TEST(w.first_seen(47) == 1u); // sees 16
  BOOST_TEST(w.most_blocks(1000000, 16) == 2u + 3u + 1u);
  BOOST_TEST(w.most_blocks(20, 16) == 2u);
  BOOST_TEST(attention_window{}.first_seen(1000) == 0u);
  BOOST_TEST(attention_window{}.most_blocks(33, 16) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(order)

BOOST_AUTO_TEST_CASE(tenants_take_turns_whoever_asks_more) {
  auto l = limits();
  l.max_running = 1;
  bench b{l};
  for (request_id id = 1; id <= 6; ++id) {
    auto wish = ask(id, 10, 2);
    wish.tenant = id <= 4 ? "greedy" : "modest";
    b.submit(wish);
  }
  std::vector<request_id> ended;
  while (b.batches.running() + b.batches.waiting() > 0)
    b.step();
  for (const auto& one : b.out)
    if (one.finish != finish_reason::none)
      ended.push_back(one.id);
  const std::vector<request_id> fair{1, 5, 2, 6, 3, 4};
  BOOST_TEST(ended == fair, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_lower_priority_number_goes_first) {
  auto l = limits();
  l.max_running = 1;
  bench b{l};
  b.submit(ask(1, 10, 3));
  b.step();
  b.submit(ask(2, 10, 1));
  auto urgent = ask(3, 10, 1);
  urgent.priority = -1;
  b.submit(urgent);
  while (b.batches.running() + b.batches.waiting() > 0)
    b.step();
  BOOST_TEST(b.out.at(3).id == 3u);
  BOOST_TEST(b.out.at(4).id == 2u);
}

BOOST_AUTO_TEST_CASE(the_least_urgent_gives_way_even_if_it_was_first) {
  auto l = limits();
  l.kv_blocks = 4;
  bench b{l};
  auto patient = ask(1, 30, 30);
  patient.priority = 5;
  b.submit(patient);
  b.submit(ask(2, 12, 40));
  while (b.batches.running() + b.batches.waiting() > 0) {
    const auto plan = b.step();
    const auto waits = b.batches.waiting() == 1;
    BOOST_TEST((!waits || plan.sequences.at(0) == 2u));
  }
  BOOST_TEST(b.batches.take_counts().preemptions > 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deadlines)

BOOST_AUTO_TEST_CASE(an_answer_that_would_be_late_is_refused_with_the_reason) {
  bench b;
  b.batches.measured({.token_seconds = 0.01, .step_seconds = 0.1});
  auto wish = ask(1, 100, 50);
  wish.sampling.ignore_eos = true;
  wish.deadline = instant{5s};
  const auto no = b.batches.submit(wish, instant{});
  BOOST_REQUIRE(no.has_value());
  BOOST_TEST((no->code == errc::deadline_exceeded));
  BOOST_TEST(no->text
             == "the answer is expected in 6000 ms, the deadline is in 5000 "
                "ms");
  wish.deadline = instant{7s};
  BOOST_TEST(!b.batches.submit(wish, instant{}));
}

BOOST_AUTO_TEST_CASE(a_deadline_missed_for_the_queue_may_try_again_later) {
  bench b;
  b.submit(ask(9, 300));
  b.submit(ask(10, 300));
  b.batches.measured({.token_seconds = 0.01, .step_seconds = 0.1});
  auto wish = ask(1, 10, 5);
  wish.deadline = instant{4s};
  const auto no = b.batches.submit(wish, instant{});
  BOOST_REQUIRE(no.has_value());
  BOOST_TEST((no->code == errc::overloaded));
  BOOST_TEST(no->retry_seconds == 6u);
}

BOOST_AUTO_TEST_CASE(a_full_queue_says_when_to_come_back) {
  auto l = limits();
  l.max_waiting = 2;
  bench b{l};
  b.submit(ask(1, 200));
  b.submit(ask(2, 200));
  BOOST_TEST(b.batches.submit(ask(3, 10), instant{})->retry_seconds == 1u);
  b.batches.measured({.token_seconds = 0.01, .step_seconds = 0.1});
  BOOST_TEST(b.batches.submit(ask(3, 10), instant{})->retry_seconds == 4u);
}

BOOST_AUTO_TEST_CASE(what_the_cache_holds_takes_no_time) {
  bench b;
  b.submit(ask(1, 100, 1));
  while (b.batches.running() + b.batches.waiting() > 0)
    b.step();
  b.batches.measured({.token_seconds = 0.01, .step_seconds = 0.1});
  auto again = ask(1, 100, 1);
  again.deadline = instant{500ms};
  BOOST_TEST(!b.batches.submit(again, instant{}));
  auto other = ask(2, 100, 1);
  other.deadline = instant{500ms};
  BOOST_TEST(b.batches.submit(other, instant{}).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
