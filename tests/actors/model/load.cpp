// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Many prompts with random cancels and deadlines on a bundled model: at the end
// every block is free and every request had exactly one end.
#include "tests/actors/model/real_model.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

#ifdef __SANITIZE_THREAD__
// Every suppressed report about CAF's mailboxes costs milliseconds.
constexpr request_id count = 30;
#else
constexpr request_id count = 200;
#endif

void live_through(std::uint32_t pipeline, std::uint64_t kv_blocks) {
  const auto assets =
      model_assets::open("stories", "examples/models/stories260k.gguf");
  const auto& config = assets->files.config();
  model_settings settings{.pipeline = pipeline, .max_running = 16};
  settings.max_waiting = 500;
  settings.token_budget = 64;
  settings.kv_memory =
      kv_blocks
      * device::kv_block_bytes(config, device::kv_format_of(assets->files));
  real_model model{assets, settings};
  std::mt19937 random{pipeline};
  caf::scoped_actor self{model.system()};
  std::size_t taken = 0;
  for (request_id id = 1; id <= count; ++id) {
    prompt wish;
    wish.id = id;
    wish.deadline =
        std::chrono::system_clock::now() + (random() % 8 == 0 ? 5ms : 60000ms);
    wish.tokens.resize(random() % 60 + 1, 300);
    wish.output.max_tokens = random() % 60 + 1;
    self->request(model.handle(), caf::infinite, std::move(wish))
        .receive([&](const accepted&) { ++taken; }, [](const caf::error&) {});
    if (random() % 2 == 0)
      self->send(model.handle(), cancel{random() % id + 1});
  }
  BOOST_TEST(taken > count / 2);
  BOOST_REQUIRE(model.log.await(taken));
  BOOST_TEST(model.log.take().size() == taken);
  const auto end = model.status();
  BOOST_TEST(end.books == "");
  BOOST_TEST(end.free_blocks == end.blocks);
  BOOST_TEST(end.running + end.waiting == 0u);
}

} // namespace

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(random_cancels_leak_no_block_in_one_stage) {
  live_through(1, 400);
}

BOOST_AUTO_TEST_CASE(random_cancels_leak_no_block_in_three_stages) {
  live_through(3, 400);
}

BOOST_AUTO_TEST_CASE(scarce_blocks_leak_none_either) {
  live_through(2, 20);
}

BOOST_AUTO_TEST_SUITE_END()
