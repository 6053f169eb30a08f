// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A real conversation trace through the batch scheduler. The ideal that its hit
// rate is held against: one block cache of the same capacity, least recently
// used first, that serves the requests one after the other, each with nobody
// beside it; a prompt's last token is never a hit.
#include "actors/model/batch_scheduler.hpp"
#include "tests/actors/model/mooncake_trace.hpp"

#include <boost/test/unit_test.hpp>

#include <list>
#include <unordered_map>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t vocabulary = 8192;

class ideal_cache {
public:
  explicit ideal_cache(std::size_t capacity) : capacity_{capacity} {}

  /// Serves one request; returns the prompt tokens that were there.
  std::size_t serve(const traced_request& one) {
    std::size_t hits = 0;
    while (hits < one.blocks.size() && places_.contains(one.blocks[hits]))
      ++hits;
    // Blocks of its own, the last prompt tokens and the answer, come and go.
    const auto all =
        (one.prompt_tokens + one.answer_tokens) / device::block_tokens;
    for (auto own = one.blocks.size(); own < all; ++own)
      touch(next_own_++);
    for (auto id = one.blocks.rbegin(); id != one.blocks.rend(); ++id)
      touch(*id);
    return hits * device::block_tokens;
  }

private:
  void touch(std::uint64_t id) {
    if (const auto at = places_.find(id); at != places_.end())
      recent_.erase(at->second);
    places_[id] = recent_.insert(recent_.end(), id);
    if (places_.size() > capacity_) {
      places_.erase(recent_.front());
      recent_.pop_front();
    }
  }

  std::size_t capacity_;
  std::uint64_t next_own_ = std::uint64_t{1} << 40;
  std::list<std::uint64_t> recent_;
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> places_;
};

double ideal_rate(const std::vector<traced_request>& trace,
                  std::size_t capacity) {
  ideal_cache cache{capacity};
  std::size_t asked = 0;
  std::size_t found = 0;
  for (const auto& one : trace) {
    asked += one.prompt_tokens;
    found += cache.serve(one);
  }
  return static_cast<double>(found) / static_cast<double>(asked);
}

double scheduled_rate(const std::vector<traced_request>& trace,
                      std::uint32_t capacity) {
  scheduler_limits limits;
  limits.max_running = 8;
  limits.max_waiting = 8;
  limits.token_budget = 2048;
  limits.context = 8192;
  limits.kv_blocks = capacity;
  batch_scheduler batches{limits, {}};
  std::vector<generated> out;
  std::size_t next = 0;
  while (next < trace.size() || batches.running() + batches.waiting() > 0) {
    for (; next < trace.size() && batches.waiting() < 8; ++next) {
      sequence_request wish;
      wish.id = next + 1;
      wish.deadline = instant{1h};
      wish.tokens =
          tokens_of(trace[next], static_cast<std::uint32_t>(next), vocabulary);
      wish.max_tokens = trace[next].answer_tokens;
      BOOST_REQUIRE(!batches.submit(std::move(wish), instant{}));
    }
    const auto plan = batches.plan(instant{});
    BOOST_REQUIRE(plan.has_value());
    step_result result{plan->number, {}, {}};
    for (const auto& step : plan->steps)
      if (step.outputs > 0)
        result.tokens.push_back(
            {static_cast<std::int32_t>(plan->number % vocabulary), 0.0f, {}});
    out.clear();
    batches.complete(std::move(result), out);
  }
  const auto wrong = batches.check();
  BOOST_REQUIRE_MESSAGE(!wrong, wrong.value_or(""));
  const auto counts = batches.take_counts();
  BOOST_TEST(counts.preemptions == 0u);
  return static_cast<double>(counts.cache_hits)
         / static_cast<double>(counts.cache_queries);
}

} // namespace

BOOST_AUTO_TEST_SUITE(mooncake)

BOOST_AUTO_TEST_CASE(blocks_are_shared_exactly_as_the_trace_says) {
  const auto trace = read_mooncake_trace();
  BOOST_REQUIRE(trace.size() == 1500u);
  const auto first = tokens_of(trace[0], 0, vocabulary);
  const auto second = tokens_of(trace[1], 1, vocabulary);
  BOOST_TEST(first.size() == trace[0].prompt_tokens);
  BOOST_TEST(std::equal(first.begin(), first.begin() + 16, second.begin()));
  BOOST_TEST(
      !std::equal(first.begin() + 16, first.begin() + 32, second.begin() + 16));
}

BOOST_AUTO_TEST_CASE(the_hit_rate_is_within_two_points_of_the_ideal) {
  const auto trace = read_mooncake_trace();
  for (const std::uint32_t capacity : {4000u, 10000u, 50000u}) {
    const auto ideal = ideal_rate(trace, capacity) * 100;
    const auto ours = scheduled_rate(trace, capacity) * 100;
    BOOST_TEST_MESSAGE(capacity << " blocks: " << ours << " % of " << ideal
                                << " %");
    BOOST_TEST(std::abs(ours - ideal) < 2.0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
