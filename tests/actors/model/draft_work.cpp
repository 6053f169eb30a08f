// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/draft_work.hpp"

#include "actors/model/draft_pace.hpp"
#include "tests/actors/model/fake_engine.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace sluice;
using namespace sluice::actors;

namespace {

device::sampling_params greedy() {
  device::sampling_params out;
  out.temperature = 0.0f;
  return out;
}

std::vector<std::int32_t> answer(std::size_t count) {
  return fake_answer({1, 2, 3}, device::sampler{greedy(), {}}, count);
}

// Prefill of {1, 2, 3} as sequence 7.
batch_plan prompt(device::sampling_params params = greedy()) {
  batch_plan plan;
  plan.sequences = {7};
  plan.steps = {{{1, 2, 3}, 0, {0}, 1}};
  plan.opened = {{7, std::move(params), {1, 2, 3}}};
  plan.drafts = true;
  return plan;
}

// `token` at `start`, with `count` tokens to be drafted.
batch_plan decode(std::int32_t token, std::uint32_t start,
                  std::uint32_t count) {
  batch_plan plan;
  plan.sequences = {7};
  std::vector<std::int32_t> tokens(1 + count, token);
  plan.steps = {{tokens, start, {0}, 1 + count}};
  plan.drafts = true;
  return plan;
}

struct fixture {
  fixture() : engine{std::make_unique<fake_engine>(4, true, true)} {}
  draft_work start() { return draft_work{std::move(engine)}; }
  std::unique_ptr<fake_engine> engine;
  std::vector<std::int32_t> expected = answer(16);
};

} // namespace

BOOST_AUTO_TEST_SUITE(draft_work_)

BOOST_FIXTURE_TEST_CASE(drafts_are_the_small_models_continuation, fixture) {
  auto work = start();
  auto first = prompt();
  BOOST_TEST(work.run(first).empty());
  BOOST_TEST(first.steps[0].tokens.size() == 3u);
  auto plan = decode(expected[0], 3, 3);
  BOOST_TEST(work.run(plan).empty());
  BOOST_TEST(
      plan.steps[0].tokens
          == (std::vector{expected[0], expected[1], expected[2], expected[3]}),
      boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_was_accepted_and_refused_is_followed, fixture) {
  auto work = start();
  auto first = prompt();
  work.run(first);
  auto plan = decode(expected[0], 3, 3);
  work.run(plan);
  // All held: the last draft has not run in the small model yet.
  plan = decode(expected[4], 7, 2);
  work.run(plan);
  BOOST_TEST(plan.steps[0].tokens[2] == expected[6]);
  // Both refused, for another token.
  plan = decode(40, 8, 1);
  work.run(plan);
  auto seen = std::vector{1, 2, 3};
  seen.insert(seen.end(), expected.begin(), expected.begin() + 5);
  seen.push_back(40);
  BOOST_TEST(plan.steps[0].tokens[1]
             == fake_answer(seen, device::sampler{greedy(), {}}, 1)[0]);
}

BOOST_FIXTURE_TEST_CASE(plans_without_drafts_are_made_up_for, fixture) {
  auto work = start();
  auto first = prompt();
  first.drafts = false;
  work.run(first);
  for (std::uint32_t i = 0; i < 4; ++i) {
    auto plain = decode(expected[i], 3 + i, 0);
    plain.drafts = false;
    work.run(plain);
  }
  auto plan = decode(expected[4], 7, 1);
  work.run(plan);
  BOOST_TEST(plan.steps[0].tokens[1] == expected[5]);
}

// {1, 2, 3, ...}, its first block loaded from a tier, as sequence 7.
batch_plan fetched(const std::vector<std::int32_t>& tokens) {
  batch_plan plan;
  plan.loads = {{2, {}}};
  plan.opened = {{7, greedy(), tokens}};
  return plan;
}

BOOST_FIXTURE_TEST_CASE(blocks_from_a_tier_are_computed_anew, fixture) {
  std::vector<std::int32_t> tokens(device::block_tokens + 2);
  std::iota(tokens.begin(), tokens.end(), 1);
  const auto next = fake_answer(tokens, device::sampler{greedy(), {}}, 4);
  auto work = start();
  auto plan = fetched(tokens);
  work.run(plan);
  const auto start = static_cast<std::uint32_t>(device::block_tokens);
  plan = {};
  plan.sequences = {7};
  plan.steps = {{{tokens[start], tokens[start + 1]}, start, {2, 1}, 1}};
  work.run(plan); // nothing is drafted: the small model has time
  plan.steps = {{{next[0], next[0], next[0]}, start + 2, {2, 1}, 3}};
  plan.drafts = true;
  work.run(plan);
  BOOST_TEST(plan.steps[0].tokens == (std::vector{next[0], next[1], next[2]}),
             boost::test_tools::per_element());
  // It is there now, for those who share it too.
  plan.opened = {{8, greedy(), tokens}};
  plan.sequences = {8};
  plan.steps = {{{tokens[start], tokens[start + 1]}, start, {2, 3}, 1}};
  work.run(plan);
  plan.opened.clear();
  plan.steps = {{{next[0], next[0]}, start + 2, {2, 3}, 2}};
  work.run(plan);
  BOOST_TEST(plan.steps[0].tokens[1] == next[1]);
}

BOOST_FIXTURE_TEST_CASE(sampled_drafts_come_with_their_distribution, fixture) {
  auto work = start();
  auto first = prompt({});
  work.run(first);
  auto plan = decode(5, 3, 2);
  const auto proposals = work.run(plan);
  BOOST_REQUIRE(proposals.size() == 2 * fake_vocabulary);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto row =
        std::span{proposals}.subspan(i * fake_vocabulary, fake_vocabulary);
    double sum = 0;
    for (const auto x : row)
      sum += x;
    BOOST_TEST(sum == 1.0, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(row[static_cast<std::size_t>(plan.steps[0].tokens[1 + i])]
               > 0.0f);
  }
}

BOOST_FIXTURE_TEST_CASE(closed_sequences_are_forgotten, fixture) {
  auto work = start();
  auto first = prompt();
  work.run(first);
  BOOST_TEST(work.followed() == 1u);
  batch_plan end;
  end.closed = {7};
  work.run(end);
  BOOST_TEST(work.followed() == 0u);
}

BOOST_AUTO_TEST_CASE(pace_follows_what_holds) {
  draft_pace pace;
  BOOST_TEST(pace.next(4) == 4u);
  pace.book(4, 1);
  BOOST_TEST(pace.next(4) == 2u);
  pace.book(2, 2);
  BOOST_TEST(pace.next(4) == 4u);
  BOOST_TEST(pace.next(3) == 3u);
}

BOOST_AUTO_TEST_CASE(failing_drafts_rest_longer_and_longer) {
  draft_pace pace;
  const auto rest = [&] {
    std::uint32_t steps = 0;
    while (pace.next(1) == 0)
      ++steps;
    pace.book(1, 0);
    return steps;
  };
  BOOST_TEST(rest() == 0u);
  BOOST_TEST(rest() == 2u);
  BOOST_TEST(rest() == 4u);
  for (int i = 0; i < 8; ++i)
    rest();
  BOOST_TEST(rest() == 32u);
  while (pace.next(1) == 0) {
  }
  pace.book(1, 1);
  pace.book(1, 0);
  BOOST_TEST(rest() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
