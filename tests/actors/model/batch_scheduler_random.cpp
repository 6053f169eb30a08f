// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Random operations against the fake model: whatever runs beside a sequence,
// it gets the tokens it gets alone, and the books are right after each step.
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/draft_work.hpp"
#include "tests/actors/model/fake_engine.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

const std::vector<std::int32_t> end_tokens{0};

enum class drafting : std::uint8_t { none, lookup, model };

struct client {
  sequence_request wish;
  std::vector<std::int32_t> got;
  bool ended = false;
  bool whole = false; // ended by itself
};

// Scheduler and stages in one thread; plans wait at random between stages.
class world {
public:
  world(std::uint32_t stages, std::uint32_t kv_blocks, unsigned seed,
        drafting drafts)
      : random_{seed},
        queues_(stages), batches_{limits(stages, kv_blocks, drafts),
                                  end_tokens},
        small_{small_engine(kv_blocks)}, drafts_{drafts} {
    for (std::uint32_t i = 0; i < stages; ++i)
      stages_.emplace_back(
          std::make_unique<fake_engine>(kv_blocks, i == 0, i + 1 == stages),
          i + 1 == stages, end_tokens);
  }

  void operate() {
    now_ += 1ms;
    switch (random_() % 8) {
    case 0:
    case 1:
      submit();
      break;
    case 2:
      plan();
      break;
    case 3:
      cancel();
      break;
    default:
      advance(random_() % queues_.size());
      break;
    }
    batches_.expire(now_, out_);
    collect();
    const auto wrong = batches_.check();
    BOOST_REQUIRE_MESSAGE(!wrong, wrong.value_or(""));
  }

  void drain() {
    for (int i = 0; i < 100000; ++i) {
      plan();
      bool busy = false;
      for (std::size_t s = queues_.size(); s-- > 0;) {
        busy = busy || !queues_[s].empty();
        advance(s);
      }
      collect();
      if (!busy && !batches_.plan(now_))
        break;
    }
    BOOST_TEST(batches_.running() + batches_.waiting() == 0u);
    BOOST_TEST(batches_.pool().free() == batches_.pool().size());
    BOOST_TEST(stages_.back().samplers() == 0u);
    BOOST_TEST(small_.followed() == 0u);
  }

  // Every answer equals what its sequence gets alone, or a part of it.
  void verify() const {
    std::size_t whole = 0;
    for (const auto& [id, one] : clients_) {
      BOOST_REQUIRE(one.ended);
      const device::sampler chooser{one.wish.sampling, end_tokens};
      const auto alone = fake_answer(one.wish.tokens, chooser, one.got.size());
      BOOST_TEST(one.got == alone, boost::test_tools::per_element());
      whole += one.whole;
    }
    BOOST_TEST(whole > 0u);
    BOOST_TEST_MESSAGE(clients_.size() << " clients, " << whole << " whole, "
                                       << preemptions_ << " preemptions");
  }

  std::uint64_t preemptions() const { return preemptions_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t refused() const { return refused_; }

private:
  static std::unique_ptr<stage_engine> small_engine(std::uint32_t blocks) {
    auto out = std::make_unique<fake_engine>(blocks, true, true);
    out->wrong_every = 3;
    return out;
  }

  static scheduler_limits limits(std::uint32_t stages, std::uint32_t blocks,
                                 drafting drafts) {
    scheduler_limits l;
    l.max_running = 8;
    l.max_waiting = 6;
    l.token_budget = 24;
    l.plans_in_flight = stages;
    l.context = 120;
    l.kv_blocks = blocks;
    if (drafts != drafting::none)
      l.draft = {4, drafts == drafting::lookup, 6};
    return l;
  }

  void submit() {
    client one;
    auto& wish = one.wish;
    wish.id = ++last_id_;
    wish.deadline =
        now_ + std::chrono::milliseconds{random_() % 20 == 0 ? 30 : 900000};
    wish.tokens.resize(random_() % 60 + 1);
    for (auto& token : wish.tokens)
      token = static_cast<std::int32_t>(random_() % fake_vocabulary);
    // Half of them begin like others.
    if (random_() % 2 == 0) {
      const auto common = static_cast<std::int32_t>(random_() % 3);
      const auto length =
          std::min<std::size_t>(wish.tokens.size(), random_() % 50);
      std::fill_n(wish.tokens.begin(), length, common);
    }
    wish.max_tokens = random_() % 50 + 1;
    wish.sampling.temperature = random_() % 2 == 0 ? 0.0f : 1.0f;
    wish.sampling.seed = random_();
    wish.sampling.seeded = true;
    wish.sampling.repetition_penalty = 1.1f;
    wish.sampling.ignore_eos = random_() % 2 == 0;
    if (!batches_.submit(wish, now_))
      clients_.emplace(wish.id, std::move(one));
  }

  void cancel() {
    if (random_() % 4 == 0 && last_id_ > 0)
      batches_.cancel(random_() % last_id_ + 1, out_);
  }

  void plan() {
    while (auto made = batches_.plan(now_)) {
      std::size_t tokens = 0;
      for (const auto& step : made->steps)
        tokens += step.tokens.size();
      BOOST_REQUIRE(tokens <= 24u);
      if (drafts_ == drafting::model)
        BOOST_TEST(small_.run(*made).empty()); // all requests replay
      queues_[0].push_back({std::move(*made), {}, {}});
    }
    const auto counts = batches_.take_counts();
    preemptions_ += counts.preemptions;
    accepted_ += counts.accepted_tokens;
    refused_ += counts.draft_tokens - counts.accepted_tokens;
  }

  // Stage `index` does its oldest plan.
  void advance(std::size_t index) {
    if (queues_[index].empty())
      return;
    auto pass = std::move(queues_[index].front());
    queues_[index].pop_front();
    auto said = stages_[index].run(pass.plan, pass.hidden, pass.error);
    BOOST_REQUIRE_MESSAGE(pass.error.empty(), pass.error);
    if (index + 1 < queues_.size())
      queues_[index + 1].push_back(std::move(pass));
    else
      batches_.complete({pass.plan.number,
                         std::move(said.tokens),
                         {},
                         std::move(said.counts)},
                        out_);
  }

  void collect() {
    for (auto& one : std::exchange(out_, {})) {
      auto& to = clients_.at(one.id);
      BOOST_REQUIRE(!to.ended);
      if (one.has_token)
        to.got.push_back(one.token.id);
      to.ended = one.finish != finish_reason::none;
      to.whole = to.whole || one.finish == finish_reason::stop
                 || one.finish == finish_reason::length;
    }
  }

  struct pass {
    batch_plan plan;
    std::vector<float> hidden;
    std::string error;
  };

  std::mt19937 random_;
  std::vector<std::deque<pass>> queues_; // [stage]
  batch_scheduler batches_;
  std::vector<stage_work> stages_;
  draft_work small_; // runs when a plan is made: its blocks see the same order
  drafting drafts_;
  std::map<request_id, client> clients_;
  std::vector<generated> out_;
  request_id last_id_ = 0;
  instant now_{};
  std::uint64_t preemptions_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
};

std::uint64_t live_through(std::uint32_t stages, std::uint32_t blocks,
                           unsigned seed, int operations,
                           drafting drafts = drafting::none) {
  world w{stages, blocks, seed, drafts};
  for (int i = 0; i < operations; ++i)
    w.operate();
  w.drain();
  w.verify();
  BOOST_TEST((drafts == drafting::none || w.refused() > 0u));
  BOOST_TEST((drafts != drafting::model || w.accepted() > 0u));
  return w.preemptions();
}

} // namespace

BOOST_AUTO_TEST_SUITE(batch_scheduler_random)

BOOST_AUTO_TEST_CASE(any_order_of_events_gives_the_tokens_of_running_alone) {
  for (const std::uint32_t stages : {1u, 2u, 4u})
    for (const unsigned seed : {1u, 2u, 3u})
      live_through(stages, 80, seed, 20000);
}

BOOST_AUTO_TEST_CASE(scarce_blocks_cost_preemptions_but_no_token) {
  std::uint64_t preemptions = 0;
  for (const std::uint32_t stages : {1u, 2u, 4u})
    for (const unsigned seed : {4u, 5u, 6u})
      preemptions += live_through(stages, 10, seed, 20000);
  BOOST_TEST(preemptions > 10u);
}

BOOST_AUTO_TEST_CASE(drafts_change_no_token) {
  std::uint64_t preemptions = 0;
  for (const auto drafts : {drafting::lookup, drafting::model})
    for (const std::uint32_t stages : {1u, 2u})
      for (const std::uint32_t blocks : {80u, 10u})
        preemptions += live_through(stages, blocks, 7, 20000, drafts);
  BOOST_TEST(preemptions > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
