// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the scheduler does for prompts that are read: each position once,
// whatever the cache holds, in any chunks, through preemption.
#include "actors/model/batch_scheduler.hpp"
#include "tests/actors/model/fake_engine.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <numeric>

using namespace sluice;
using namespace sluice::actors;
using device::reading_kind;

namespace {

scheduler_limits limits() {
  scheduler_limits l;
  l.max_running = 4;
  l.token_budget = 24;
  l.context = 120;
  l.kv_blocks = 40;
  return l;
}

std::vector<std::int32_t> some_tokens(std::size_t count) {
  std::vector<std::int32_t> out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<std::int32_t>((i * 7 + 3) % fake_vocabulary);
  return out;
}

sequence_request wish(request_id id, std::vector<std::int32_t> tokens,
                      reading_kind kind, std::uint32_t top = 2) {
  sequence_request out;
  out.id = id;
  out.deadline = instant{std::chrono::hours{1}};
  out.tokens = std::move(tokens);
  out.max_tokens = 4;
  out.sampling.temperature = 0;
  out.sampling.ignore_eos = true;
  out.reading = {kind, top};
  return out;
}

// One stage that runs each plan at once.
struct bench {
  explicit bench(const scheduler_limits& l)
      : batches{l, {}}, stage{std::make_unique<fake_engine>(l.kv_blocks, true,
                                                            true),
                              true,
                              {}} {}

  void submit(sequence_request one) {
    const auto refused = batches.submit(std::move(one), instant{});
    BOOST_REQUIRE(!refused.has_value());
  }

  bool step() {
    const auto plan = batches.plan(instant{});
    if (!plan)
      return false;
    for (const auto& one : plan->steps) {
      computed += one.tokens.size();
      rows += one.read.count;
    }
    std::vector<float> hidden;
    step_result result{plan->number, {}, {}};
    auto said = stage.run(*plan, hidden, result.error);
    result.tokens = std::move(said.tokens);
    result.counts = std::move(said.counts);
    result.readings = std::move(said.readings);
    if (spoil && !result.readings.empty())
      spoil(result);
    batches.complete(std::move(result), out);
    return true;
  }

  void run() {
    while (step()) {
    }
  }

  device::prompt_part read(request_id id) const {
    device::prompt_part all;
    for (const auto& one : out)
      if (one.id == id)
        append(all, one.prompt);
    return all;
  }

  std::vector<std::int32_t> answer(request_id id) const {
    std::vector<std::int32_t> ids;
    for (const auto& one : out)
      if (one.id == id && one.has_token)
        ids.push_back(one.token.id);
    return ids;
  }

  batch_scheduler batches;
  stage_work stage;
  std::vector<generated> out;
  std::function<void(step_result&)> spoil;
  std::size_t computed = 0; // tokens
  std::size_t rows = 0;     // read
};

void check(const device::prompt_part& got, const sequence_request& asked) {
  const auto expected = fake_reading(asked.tokens, asked.reading);
  BOOST_TEST((got.scores == expected.scores));
  BOOST_TEST((got.embedding == expected.embedding));
}

} // namespace

BOOST_AUTO_TEST_SUITE(prompt_reading)

BOOST_AUTO_TEST_CASE(every_chunking_reads_the_same) {
  for (const auto kind :
       {reading_kind::scores, reading_kind::mean, reading_kind::last})
    for (const std::uint32_t budget : {5u, 7u, 16u, 33u, 100u}) {
      auto l = limits();
      l.token_budget = budget;
      bench b{l};
      const auto asked = wish(1, some_tokens(70), kind);
      b.submit(asked);
      b.run();
      check(b.read(1), asked);
      BOOST_TEST(b.answer(1).size() == 4u);
    }
}

BOOST_AUTO_TEST_CASE(asking_changes_no_token_of_the_answer) {
  bench plain{limits()};
  plain.submit(wish(1, some_tokens(50), reading_kind::none));
  plain.run();
  bench read{limits()};
  read.submit(wish(1, some_tokens(50), reading_kind::scores));
  read.run();
  BOOST_TEST(read.answer(1) == plain.answer(1),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(scores_come_before_the_answer) {
  bench b{limits()};
  b.submit(wish(1, some_tokens(30), reading_kind::scores));
  b.run();
  bool answered = false;
  for (const auto& one : b.out) {
    BOOST_TEST((one.prompt.empty() || !answered));
    answered = answered || one.has_token;
  }
}

BOOST_AUTO_TEST_CASE(what_must_be_read_is_not_taken_from_the_cache) {
  bench b{limits()};
  b.submit(wish(1, some_tokens(64), reading_kind::none));
  b.run();
  for (const auto kind : {reading_kind::scores, reading_kind::mean}) {
    const auto asked = wish(2, some_tokens(64), kind);
    const auto before = b.computed;
    b.out.clear();
    b.submit(asked);
    b.run();
    check(b.read(2), asked);
    BOOST_TEST(b.computed - before == 64 + 3); // and three of the answer
    BOOST_TEST(b.out.back().cached_tokens == 0u);
  }
}

BOOST_AUTO_TEST_CASE(the_last_state_needs_only_the_last_token) {
  bench b{limits()};
  b.submit(wish(1, some_tokens(64), reading_kind::none));
  b.run();
  auto asked = wish(2, some_tokens(64), reading_kind::last);
  asked.prefill_only = true;
  const auto before = b.computed;
  b.submit(asked);
  b.run();
  check(b.read(2), asked);
  BOOST_TEST(b.computed - before == 16u); // the last block
  BOOST_TEST(b.rows == 1u);
}

BOOST_AUTO_TEST_CASE(others_find_what_a_read_prompt_left) {
  bench b{limits()};
  b.submit(wish(1, some_tokens(64), reading_kind::scores));
  b.run();
  b.submit(wish(2, some_tokens(64), reading_kind::none));
  b.run();
  BOOST_TEST(b.out.back().cached_tokens == 48u);
}

BOOST_AUTO_TEST_CASE(a_prompt_of_one_token_has_no_score_but_a_place) {
  for (const bool only : {false, true}) {
    bench b{limits()};
    auto asked = wish(1, {5}, reading_kind::scores);
    asked.prefill_only = only;
    b.submit(asked);
    b.run();
    BOOST_REQUIRE(b.read(1).scores.size() == 1u);
    BOOST_TEST(b.read(1).scores.front().id == 5);
    BOOST_TEST(b.read(1).scores.front().rank == 0u);
    BOOST_TEST(b.answer(1).size() == (only ? 0u : 4u));
  }
}

BOOST_AUTO_TEST_CASE(a_prompt_that_is_only_read_may_fill_the_context) {
  bench b{limits()};
  auto asked = wish(1, some_tokens(120), reading_kind::scores);
  BOOST_TEST(
      (b.batches.submit(asked, instant{})->code == errc::prompt_too_long));
  asked.prefill_only = true;
  b.submit(asked);
  b.run();
  check(b.read(1), asked);
  BOOST_TEST((b.out.back().finish == finish_reason::length));
  asked.tokens.push_back(1);
  const auto refused = b.batches.submit(asked, instant{});
  BOOST_REQUIRE(refused);
  BOOST_TEST(refused->text
             == "the prompt has 121 tokens; the context holds 120");
}

BOOST_AUTO_TEST_CASE(preempted_prompts_are_read_once) {
  auto l = limits();
  l.kv_blocks = 12;
  l.token_budget = 8;
  bench b{l};
  std::map<request_id, sequence_request> asked;
  for (request_id id = 1; id <= 4; ++id) {
    auto one = wish(id, some_tokens(30 + id), reading_kind::scores);
    one.max_tokens = 60;
    one.cache_salt = std::to_string(id);
    asked.emplace(id, one);
    b.submit(one);
  }
  b.run();
  std::size_t rows = 0;
  for (const auto& [id, one] : asked) {
    check(b.read(id), one);
    BOOST_TEST(b.answer(id).size() == 60u);
    rows += one.tokens.size() - 1;
  }
  BOOST_TEST(b.rows == rows);
  BOOST_TEST(b.batches.take_counts().preemptions > 0u);
}

BOOST_AUTO_TEST_CASE(choices_of_a_read_prompt_share_its_blocks) {
  bench b{limits()};
  for (request_id id = 1; id <= 3; ++id) {
    auto one = wish(id, some_tokens(60),
                    id == 1 ? reading_kind::scores : reading_kind::none);
    one.group = 1;
    b.submit(one);
  }
  b.run();
  check(b.read(1), wish(1, some_tokens(60), reading_kind::scores));
  BOOST_TEST(b.answer(3) == b.answer(1), boost::test_tools::per_element());
  BOOST_TEST(b.computed == 60 + 3 * 3 + 2u); // the last token for each
}

BOOST_AUTO_TEST_CASE(cancelling_ends_the_reading) {
  auto l = limits();
  l.token_budget = 8;
  bench b{l};
  b.submit(wish(1, some_tokens(60), reading_kind::mean));
  BOOST_TEST(b.step());
  b.batches.cancel(1, b.out);
  b.run();
  BOOST_TEST(b.computed == 8u);
  BOOST_TEST(b.read(1).embedding.empty());
  BOOST_TEST(b.batches.pool().free() == b.batches.pool().size());
}

BOOST_AUTO_TEST_CASE(a_stage_that_reads_the_wrong_rows_fails_the_plan) {
  const std::vector<std::function<void(step_result&)>> ways{
      [](auto& r) { r.readings.clear(); },
      [](auto& r) { r.readings.front().sequence = 99; },
      [](auto& r) {
        r.readings.push_back({7, {}});
      },
      [](auto& r) { r.readings.front().part.scores.pop_back(); }};
  for (const auto& way : ways) {
    bench b{limits()};
    b.spoil = way;
    b.submit(wish(1, some_tokens(20), reading_kind::scores));
    b.run();
    BOOST_REQUIRE(b.out.size() == 1u);
    BOOST_TEST((b.out.front().code == errc::model_failed));
    BOOST_TEST(!b.batches.check());
  }
}

BOOST_AUTO_TEST_SUITE_END()
