// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Random operations against the fake model: whatever runs beside a sequence,
// it gets the tokens it gets alone, and the books are right after each step.
// Arrivals, cancels, slow clients, deadlines, priorities, tenants, shared
// beginnings, choices of one prompt, sessions, prefill-only prompts, prompts
// that are read, attention windows and scarce blocks all come together.
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/draft_work.hpp"
#include "tests/actors/model/fake_engine.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
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
  device::prompt_part read;
  bool ended = false;
  bool whole = false; // ended by itself
};

// Scheduler and stages in one thread; plans wait at random between stages.
class world {
public:
  world(scheduler_limits bounds, unsigned seed, drafting drafts)
      : random_{seed}, bounds_{bounds},
        queues_(bounds.plans_in_flight), batches_{bounds, end_tokens},
        small_{small_engine(bounds.kv_blocks)}, drafts_{drafts} {
    const auto stages = bounds.plans_in_flight;
    for (std::uint32_t i = 0; i < stages; ++i)
      stages_.emplace_back(
          std::make_unique<fake_engine>(bounds.kv_blocks, i == 0,
                                        i + 1 == stages, bounds.window),
          i + 1 == stages, end_tokens);
  }

  void operate() {
    now_ += 1ms;
    switch (random_() % 9) {
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
    case 4:
      batches_.forget_session(std::to_string(random_() % 4));
      break;
    case 5:
      hold();
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
    while (!held_.empty())
      release();
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
    for (int session = 0; session < 4; ++session)
      batches_.forget_session(std::to_string(session));
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
      const auto alone =
          fake_answer(one.wish.tokens, chooser, one.got.size(), bounds_.window);
      if (one.wish.prefill_only)
        BOOST_TEST(one.got.empty());
      BOOST_TEST(one.got == alone, boost::test_tools::per_element());
      verify_reading(one);
      whole += one.whole;
    }
    BOOST_TEST(whole > 0u);
    BOOST_TEST_MESSAGE(clients_.size() << " clients, " << whole << " whole, "
                                       << preemptions_ << " preemptions");
  }

  std::uint64_t preemptions() const { return preemptions_; }
  std::uint64_t accepted() const { return accepted_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t copies() const { return copies_; }

private:
  // All of it once the answer began, and never more than that.
  void verify_reading(const client& one) const {
    const auto expected =
        fake_reading(one.wish.tokens, one.wish.reading, bounds_.window);
    BOOST_REQUIRE(one.read.scores.size() <= expected.scores.size());
    BOOST_TEST(std::equal(one.read.scores.begin(), one.read.scores.end(),
                          expected.scores.begin()));
    BOOST_TEST((one.read.embedding.empty()
                || one.read.embedding == expected.embedding));
    if (!one.got.empty() || one.whole) {
      BOOST_TEST(one.read.scores.size() == expected.scores.size());
      BOOST_TEST((one.read.embedding == expected.embedding));
    }
  }

  static std::unique_ptr<stage_engine> small_engine(std::uint32_t blocks) {
    auto out = std::make_unique<fake_engine>(blocks, true, true);
    out->wrong_every = 3;
    return out;
  }

  void submit() {
    auto wish = make_wish();
    const auto choices = random_() % 5 == 0 ? random_() % 3 + 2 : 1;
    if (choices > 1)
      wish.group = last_id_ + 1;
    for (std::uint64_t choice = 0; choice < choices; ++choice) {
      wish.id = ++last_id_;
      wish.sampling.stream = choice;
      if (choice > 0)
        wish.reading = {};
      if (!batches_.submit(wish, now_))
        clients_[wish.id].wish = wish;
    }
  }

  sequence_request make_wish() {
    sequence_request wish;
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
    wish.priority = static_cast<std::int32_t>(random_() % 6 / 4);
    wish.tenant = std::to_string(random_() % 3);
    wish.prefill_only = random_() % 10 == 0;
    if (random_() % 5 == 0)
      wish.session = std::to_string(random_() % 4);
    if (random_() % 5 == 0)
      wish.cache_salt = wish.tenant;
    if (random_() % 3 == 0)
      wish.reading = {std::array{device::reading_kind::scores,
                                 device::reading_kind::mean,
                                 device::reading_kind::last}[random_() % 3],
                      static_cast<std::uint32_t>(random_() % 3)};
    return wish;
  }

  void cancel() {
    if (random_() % 4 == 0 && last_id_ > 0)
      batches_.cancel(random_() % last_id_ + 1, out_);
  }

  // Clients fall behind, but not for ever.
  void hold() {
    if (last_id_ > 0 && held_.size() < 4 && random_() % 4 == 0) {
      held_.push_back(random_() % last_id_ + 1);
      batches_.hold(held_.back(), true);
    } else if (!held_.empty()) {
      release();
    }
  }

  void release() {
    batches_.hold(held_.front(), false);
    held_.pop_front();
  }

  void plan() {
    while (auto made = batches_.plan(now_)) {
      std::size_t tokens = 0;
      for (const auto& step : made->steps)
        tokens += step.tokens.size();
      if (drafts_ == drafting::model)
        BOOST_TEST(small_.run(*made).empty()); // all requests replay
      BOOST_REQUIRE(tokens <= bounds_.token_budget);
      copies_ += made->copies.size();
      queues_[0].push_back({std::move(*made), {}, {}});
    }
    const auto counts = batches_.take_counts();
    preemptions_ += counts.preemptions;
    accepted_ += counts.accepted_tokens;
    refused_ += counts.draft_tokens - counts.accepted_tokens;
    hits_ += counts.cache_hits;
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
                         std::move(said.counts),
                         {},
                         std::move(said.readings)},
                        out_);
  }

  void collect() {
    for (auto& one : std::exchange(out_, {})) {
      auto& to = clients_.at(one.id);
      BOOST_REQUIRE(!to.ended);
      if (one.has_token)
        to.got.push_back(one.token.id);
      append(to.read, std::move(one.prompt));
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
  scheduler_limits bounds_;
  std::vector<std::deque<pass>> queues_; // [stage]
  batch_scheduler batches_;
  std::vector<stage_work> stages_;
  draft_work small_; // runs when a plan is made: its blocks see the same order
  drafting drafts_;
  std::map<request_id, client> clients_;
  std::vector<generated> out_;
  request_id last_id_ = 0;
  std::deque<request_id> held_; // oldest first
  instant now_{};
  std::uint64_t preemptions_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t copies_ = 0;
};

scheduler_limits limits(std::uint32_t stages, std::uint32_t blocks) {
  scheduler_limits l;
  l.max_running = 8;
  l.max_waiting = 6;
  l.token_budget = 24;
  l.plans_in_flight = stages;
  l.context = 120;
  l.kv_blocks = blocks;
  return l;
}

struct figures {
  std::uint64_t preemptions = 0;
  std::uint64_t hits = 0;
  std::uint64_t copies = 0;
  std::uint64_t refused = 0;
  std::uint64_t accepted = 0;
};

figures live_through(const scheduler_limits& bounds,
                     std::initializer_list<unsigned> seeds,
                     drafting drafts = drafting::none) {
  figures sum;
  for (const auto seed : seeds) {
    world w{bounds, seed, drafts};
    for (int i = 0; i < 15000; ++i)
      w.operate();
    w.drain();
    w.verify();
    sum.refused += w.refused();
    sum.accepted += w.accepted();
    sum.preemptions += w.preemptions();
    sum.hits += w.hits();
    sum.copies += w.copies();
  }
  BOOST_TEST_MESSAGE(sum.preemptions << " preemptions, " << sum.hits
                                     << " hits, " << sum.copies << " copies");
  return sum;
}

} // namespace

BOOST_AUTO_TEST_SUITE(batch_scheduler_random)

BOOST_AUTO_TEST_CASE(any_order_of_events_gives_the_tokens_of_running_alone) {
  for (const std::uint32_t stages : {1u, 2u, 4u}) {
    const auto sum = live_through(limits(stages, 80), {1, 2, 3});
    BOOST_TEST(sum.hits > 0u);
    BOOST_TEST(sum.copies > 0u);
  }
}

BOOST_AUTO_TEST_CASE(scarce_blocks_cost_preemptions_but_no_token) {
  std::uint64_t preemptions = 0;
  for (const std::uint32_t stages : {1u, 2u, 4u})
    preemptions += live_through(limits(stages, 10), {4, 5, 6}).preemptions;
  BOOST_TEST(preemptions > 10u);
}

BOOST_AUTO_TEST_CASE(drafts_change_no_token) {
  std::uint64_t preemptions = 0;
  for (const auto drafts : {drafting::lookup, drafting::model}) {
    figures sum;
    for (const std::uint32_t stages : {1u, 2u})
      for (const std::uint32_t blocks : {80u, 10u}) {
        auto bounds = limits(stages, blocks);
        bounds.draft = {4, drafts == drafting::lookup, 6};
        const auto one = live_through(bounds, {7, 8}, drafts);
        sum.refused += one.refused;
        sum.accepted += one.accepted;
        preemptions += one.preemptions;
      }
    BOOST_TEST(sum.refused > 0u);
    BOOST_TEST((drafts == drafting::lookup || sum.accepted > 0u));
  }
  BOOST_TEST(preemptions > 0u);
}

BOOST_AUTO_TEST_CASE(drafts_and_windows_agree) {
  auto bounds = limits(2, 12);
  bounds.context = 200;
  bounds.window = {.window = 33, .sinks = 4};
  bounds.draft = {4, true, 6};
  live_through(bounds, {11, 12}, drafting::lookup);
}

BOOST_AUTO_TEST_CASE(without_the_cache_the_tokens_are_the_same) {
  auto bounds = limits(2, 12);
  bounds.prefix_cache = false;
  BOOST_TEST(live_through(bounds, {7, 8}).copies > 0u);
}

BOOST_AUTO_TEST_CASE(windows_let_blocks_go_but_no_token_that_is_seen) {
  for (const std::uint32_t stages : {1u, 2u, 4u})
    for (const std::uint32_t blocks : {10u, 40u}) {
      auto bounds = limits(stages, blocks);
      bounds.context = 200;
      bounds.window = {.window = 33, .sinks = 4};
      live_through(bounds, {9, 10});
    }
}

BOOST_AUTO_TEST_SUITE_END()
