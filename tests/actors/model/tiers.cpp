// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Blocks that lose their place come back from a tier, and no answer shows it:
// not when a stage has lost some, nor when plans fail.
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/draft_work.hpp"
#include "actors/model/stage_work.hpp"
#include "actors/model/tier_index.hpp"
#include "tests/actors/model/fake_engine.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <random>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace device = sluice::device;

namespace {

chain_key key(std::uint8_t n) {
  return {{n}};
}

/// Keeps blocks without bound, and loses every `loses`-th that is asked for.
class tier_engine : public fake_engine {
public:
  using fake_engine::fake_engine;

  void save_block(const block_transfer& one) override {
    kept_[one.key] = {memory_.begin() + first(one.block),
                      memory_.begin() + first(one.block + 1)};
  }
  void store_block(const block_transfer& one) override { save_block(one); }
  bool load_block(const block_transfer& one) override {
    ++asked;
    const auto at = kept_.find(one.key);
    if (at == kept_.end() || (loses != 0 && asked % loses == 0))
      return false;
    std::copy(at->second.begin(), at->second.end(),
              memory_.begin() + first(one.block));
    return true;
  }

  std::size_t loses = 0; ///< 0: nothing
  std::size_t asked = 0;

private:
  static std::ptrdiff_t first(std::uint32_t block) {
    return static_cast<std::ptrdiff_t>(block * device::block_tokens);
  }
  std::map<chain_key, std::vector<std::int32_t>> kept_;
};

/// A scheduler and its stages, which run each plan when it is made.
struct bench {
  bench(scheduler_limits limits, std::uint32_t stages, std::size_t loses)
      : batches{limits, {}, {"m", ""}} {
    for (std::uint32_t i = 0; i < stages; ++i) {
      auto engine = std::make_unique<tier_engine>(limits.kv_blocks, i == 0,
                                                  i + 1 == stages);
      engine->loses = i == 0 ? loses : 0;
      engines.push_back(engine.get());
      works.emplace_back(std::move(engine), i + 1 == stages,
                         std::vector<std::int32_t>{});
    }
    if (limits.draft.tokens > 0 && !limits.draft.lookup)
      small.emplace(
          std::make_unique<fake_engine>(limits.kv_blocks, true, true));
  }

  void step() {
    auto plan = batches.plan(instant{});
    BOOST_REQUIRE(plan.has_value());
    step_result result;
    result.plan = plan->number;
    std::vector<float> hidden;
    loads += plan->loads.size();
    const auto proposals = small ? small->run(*plan) : std::vector<float>{};
    for (auto& work : works) {
      work.bring_blocks(*plan, result.lost, result.error);
      auto said = work.run(*plan, hidden, result.error, proposals);
      result.tokens = std::move(said.tokens);
      result.counts = std::move(said.counts);
      if (result.error.empty())
        work.store_blocks(plan->stores);
    }
    lost += result.lost.size();
    batches.complete(std::move(result), out);
    const auto wrong = batches.check();
    BOOST_REQUIRE_MESSAGE(!wrong, wrong.value_or(""));
  }

  void run() {
    while (batches.running() + batches.waiting() > 0)
      step();
  }

  std::vector<std::int32_t> answer(request_id id) const {
    std::vector<std::int32_t> tokens;
    for (const auto& one : out)
      if (one.id == id && one.has_token)
        tokens.push_back(one.token.id);
    return tokens;
  }

  batch_scheduler batches;
  std::vector<tier_engine*> engines;
  std::vector<stage_work> works;
  std::optional<draft_work> small;
  std::vector<generated> out;
  std::size_t loads = 0;
  std::size_t lost = 0;
};

scheduler_limits limits(std::uint32_t blocks) {
  scheduler_limits l;
  l.max_running = 3;
  l.max_waiting = 100;
  l.token_budget = 40;
  l.context = 200;
  l.kv_blocks = blocks;
  return l;
}

// One of four beginnings, then something of its own.
sequence_request ask(request_id id, std::mt19937& random) {
  sequence_request wish;
  wish.id = id;
  wish.deadline = instant{1h};
  wish.tokens.resize(33 + random() % 60);
  std::iota(wish.tokens.begin(), wish.tokens.end(),
            static_cast<std::int32_t>(random() % 4));
  wish.tokens.back() = static_cast<std::int32_t>(random() % 30);
  for (auto& token : wish.tokens)
    token %= 31;
  wish.max_tokens = 1 + static_cast<std::uint32_t>(random() % 20);
  wish.sampling.temperature = 0.7f;
  wish.sampling.seed = id;
  wish.sampling.seeded = true; // drafts change no token
  return wish;
}

// 60 prompts that come a few at a time.
scheduler_counts check_answers(scheduler_limits l, std::uint32_t stages,
                               std::size_t loses, bool expect_loads) {
  std::mt19937 random{std::random_device{}()};
  bench b{l, stages, loses};
  std::map<request_id, sequence_request> asked;
  for (request_id id = 1; id <= 60; ++id) {
    auto wish = ask(id, random);
    asked[id] = wish;
    BOOST_REQUIRE(!b.batches.submit(std::move(wish), instant{}));
    for (auto steps = random() % 8; steps > 0; --steps)
      if (b.batches.running() + b.batches.waiting() > 0)
        b.step();
  }
  b.run();
  for (const auto& [id, wish] : asked)
    BOOST_TEST(
        b.answer(id)
            == fake_answer(wish.tokens, {wish.sampling, {}}, wish.max_tokens),
        boost::test_tools::per_element());
  BOOST_TEST(b.batches.pool().free() == b.batches.pool().size());
  BOOST_TEST((b.loads > 0) == expect_loads);
  BOOST_TEST((b.lost > 0) == (expect_loads && loses != 0));
  return b.batches.take_counts();
}

} // namespace

BOOST_AUTO_TEST_SUITE(tiers)

BOOST_AUTO_TEST_CASE(the_index_forgets_what_tiers_forget) {
  tier_index index{2, 0};
  BOOST_TEST(index.saves());
  BOOST_TEST(!index.stores(key(1)));
  for (const std::uint8_t n : {1, 2})
    index.saved(key(n));
  index.loaded(key(1));
  index.saved(key(3));
  const std::vector<chain_key> all{key(1), key(3), key(2)};
  BOOST_TEST(index.match(all) == 2u);
  index.lost(key(3));
  BOOST_TEST(index.match(all) == 1u);
  BOOST_TEST(index.match({}) == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_on_disk_is_not_stored_twice) {
  tier_index index{0, 2};
  BOOST_TEST(!index.saves());
  BOOST_TEST(index.stores(key(1)));
  index.stored(key(1));
  BOOST_TEST(!index.stores(key(1)));
  index.lost(key(1));
  BOOST_TEST(index.stores(key(1)));
}

BOOST_AUTO_TEST_CASE(answers_do_not_show_where_blocks_were) {
  for (const std::uint32_t stages : {1u, 3u}) {
    auto l = limits(20);
    check_answers(l, stages, 0, false);
    l.host_blocks = 100;
    check_answers(l, stages, 0, true);
    l.host_blocks = 0;
    l.disk_blocks = 100;
    check_answers(l, stages, 0, true);
    l.host_blocks = 10;
    l.disk_blocks = 30;
    check_answers(l, stages, 0, true);
  }
}

BOOST_AUTO_TEST_CASE(what_a_stage_has_lost_is_computed_again) {
  auto l = limits(20);
  l.host_blocks = 100;
  l.disk_blocks = 100;
  for (const std::size_t loses : {1, 2, 3})
    check_answers(l, 2, loses, true);
}

// The small model is the large one: it is right where it has seen all.
BOOST_AUTO_TEST_CASE(drafts_hold_behind_blocks_that_came_back) {
  auto l = limits(20);
  l.host_blocks = 100;
  l.disk_blocks = 100;
  l.draft = {4, true, 6};
  check_answers(l, 2, 3, true);
  l.draft.lookup = false;
  for (const std::size_t loses : {0, 3}) {
    const auto counts = check_answers(l, 2, loses, true);
    BOOST_TEST(counts.draft_tokens > 0u);
    BOOST_TEST(counts.accepted_tokens == counts.draft_tokens);
  }
}

BOOST_AUTO_TEST_CASE(yesterdays_blocks_are_found_today) {
  auto l = limits(20);
  l.disk_blocks = 100;
  bench b{l, 1, 0};
  std::mt19937 random{7};
  auto wish = ask(1, random);
  const auto tokens = wish.tokens;
  chain_hasher hasher;
  std::vector<chain_key> chain;
  hasher.extend(hasher.root("m", "", ""), tokens, chain);
  // A fake stage of yesterday: what it stored holds the tokens themselves.
  for (std::uint32_t i = 0; i < chain.size(); ++i) {
    std::vector<float> hidden;
    device::sequence_step step;
    step.tokens.assign(tokens.begin() + i * 16, tokens.begin() + i * 16 + 16);
    step.blocks = {19};
    b.engines[0]->forward({&step, 1}, hidden, {});
    b.engines[0]->store_block({19, chain[i]});
  }
  b.batches.know_stored(chain);
  const auto expected =
      fake_answer(tokens, {wish.sampling, {}}, wish.max_tokens);
  BOOST_REQUIRE(!b.batches.submit(std::move(wish), instant{}));
  b.run();
  BOOST_TEST(b.answer(1) == expected, boost::test_tools::per_element());
  BOOST_TEST(b.loads == (tokens.size() - 1) / 16);
  BOOST_TEST(b.out.front().cached_tokens == b.loads * 16);
}

BOOST_AUTO_TEST_CASE(a_failed_plan_leaves_nothing_wrong_in_the_tiers) {
  auto l = limits(12);
  l.host_blocks = 100;
  l.disk_blocks = 100;
  for (std::size_t fail = 1; fail < 12; ++fail) {
    bench b{l, 1, 0};
    b.engines[0]->fail_on = fail;
    std::mt19937 random{11};
    std::map<request_id, sequence_request> asked;
    for (request_id id = 1; id <= 20; ++id) {
      auto wish = ask(id, random);
      asked[id] = wish;
      BOOST_REQUIRE(!b.batches.submit(std::move(wish), instant{}));
      b.step();
    }
    b.run();
    std::size_t failed = 0;
    for (const auto& one : b.out)
      failed += one.finish == finish_reason::error;
    BOOST_TEST(failed >= 1u);
    for (const auto& one : b.out)
      if (one.finish == finish_reason::length) {
        const auto& wish = asked.at(one.id);
        BOOST_TEST(b.answer(one.id)
                       == fake_answer(wish.tokens, {wish.sampling, {}},
                                      wish.max_tokens),
                   boost::test_tools::per_element());
      }
  }
}

BOOST_AUTO_TEST_CASE(cancelled_while_blocks_are_fetched) {
  auto l = limits(20);
  l.disk_blocks = 100;
  bench b{l, 1, 0};
  std::mt19937 random{7};
  auto wish = ask(1, random);
  chain_hasher hasher;
  std::vector<chain_key> chain;
  hasher.extend(hasher.root("m", "", ""), wish.tokens, chain);
  b.batches.know_stored(chain);
  BOOST_REQUIRE(!b.batches.submit(std::move(wish), instant{}));
  const auto plan = b.batches.plan(instant{});
  BOOST_REQUIRE(plan.has_value());
  BOOST_TEST(plan->steps.empty());
  BOOST_TEST(!plan->loads.empty());
  b.batches.cancel(1, b.out);
  step_result result;
  result.plan = plan->number;
  b.batches.complete(std::move(result), b.out);
  BOOST_TEST(b.batches.pool().free() == 20u);
  BOOST_TEST(b.batches.check().value_or("") == "");
}

BOOST_AUTO_TEST_SUITE_END()
