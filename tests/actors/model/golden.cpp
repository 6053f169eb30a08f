// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Bundled models as actors: however they are cut and batched, the tokens and
// their log-probabilities are the same bits.
#include "tests/actors/model/real_model.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

using namespace sluice;
using namespace sluice::actors;

namespace {

using answers = std::map<request_id, answer_log::answer>;

prompt wish(request_id id, std::vector<std::int32_t> tokens,
            std::uint32_t max_tokens) {
  prompt made;
  made.id = id;
  made.deadline = std::chrono::system_clock::now() + std::chrono::minutes{5};
  made.tokens = std::move(tokens);
  made.output.max_tokens = max_tokens;
  made.sampling.temperature = id % 2 == 0 ? 0.0f : 0.8f;
  made.sampling.seed = id;
  made.sampling.logprobs = true;
  made.sampling.ignore_eos = true;
  return made;
}

// Prompts of many lengths; the same id is always the same prompt. Every second
// one begins like others, and every fourth is another choice of the one before.
prompt numbered_wish(request_id id, std::size_t vocabulary) {
  const bool sibling = id % 4 == 0;
  const auto source = sibling ? id - 1 : id;
  std::mt19937 random{static_cast<unsigned>(source)};
  std::vector<std::int32_t> tokens(random() % 90 + 1);
  for (auto& token : tokens)
    token = static_cast<std::int32_t>(random() % (vocabulary - 10) + 10);
  if (source % 2 == 1)
    std::fill_n(tokens.begin(), std::min<std::size_t>(tokens.size(), 50), 11);
  auto made = wish(id, std::move(tokens), 24);
  if (id % 4 == 0 || id % 4 == 3)
    made.group = source;
  return made;
}

answers run_all(real_model& model, std::size_t vocabulary, request_id count) {
  for (request_id id = 1; id <= count; ++id)
    caf::anon_send(model.handle(), numbered_wish(id, vocabulary));
  BOOST_REQUIRE(model.log.await(count));
  return model.log.take();
}

void check_same(const answers& got, const answers& expected) {
  for (const auto& [id, answer] : got) {
    const auto& other = expected.at(id);
    BOOST_REQUIRE((answer.finish == finish_reason::length));
    BOOST_REQUIRE(answer.tokens.size() == other.tokens.size());
    for (std::size_t i = 0; i < answer.tokens.size(); ++i) {
      BOOST_REQUIRE(answer.tokens[i].id == other.tokens[i].id);
      BOOST_REQUIRE(answer.tokens[i].logprob == other.tokens[i].logprob);
    }
  }
}

#ifdef __SANITIZE_THREAD__
// Every suppressed report about CAF's mailboxes costs milliseconds.
constexpr request_id prompts = 4;
#else
constexpr request_id prompts = 32;
#endif

void check_topologies(const model_assets_ptr& assets,
                      std::vector<std::uint32_t> pipelines) {
  const auto vocabulary = assets->files.config().vocabulary;
  answers alone;
  {
    real_model model{assets, {.max_running = 1, .prefix_cache = false}};
    alone = run_all(model, vocabulary, prompts);
  }
  for (const auto pipeline : pipelines)
    for (const std::uint32_t batch : {2u, 5u, 32u}) {
      // A small budget cuts prompts in chunks, too.
      model_settings settings{.pipeline = pipeline, .max_running = batch};
      settings.token_budget = batch + 40;
      real_model model{assets, settings};
      check_same(run_all(model, vocabulary, prompts), alone);
      BOOST_TEST(model.status().books == "");
      BOOST_TEST(model.status().free_blocks == model.status().blocks);
      // Now nearly all prompts are in the cache.
      const auto& hits = model.counts.model(assets->name).prefix_cache_hits;
      const auto before = hits.value();
      check_same(run_all(model, vocabulary, prompts), alone);
      BOOST_TEST(hits.value() > before);
    }
  // Scarce blocks: preempted answers are prefilled again.
  model_settings scarce{.pipeline = 2, .max_running = 32};
  const auto& config = assets->files.config();
  scarce.kv_memory =
      14 * device::kv_block_bytes(config, device::kv_format_of(assets->files));
  real_model model{assets, scarce};
  check_same(run_all(model, vocabulary, prompts), alone);
  if (prompts == 32)
    BOOST_TEST(model.counts.model(assets->name).preemptions.value() > 0u);
}

} // namespace

BOOST_AUTO_TEST_SUITE(golden)

BOOST_AUTO_TEST_CASE(stories260k_tells_the_known_sentence) {
  const auto assets =
      model_assets::open("stories", "examples/models/stories260k.gguf");
  const std::string known =
      ", there was a little girl named Lily. She loved to play outside in "
      "the park. One day, she saw a big, red ball. She wanted to play with "
      "it, but it was too high.";
  const auto prompt_ids = assets->tokens.encode("Once upon a time");
  const auto count = static_cast<std::uint32_t>(
      assets->tokens.encode("Once upon a time" + known).size()
      - prompt_ids.size());
  for (const std::uint32_t pipeline : {1u, 2u, 4u}) {
    real_model model{assets, {.pipeline = pipeline}};
    caf::anon_send(model.handle(), wish(2, prompt_ids, count));
    BOOST_REQUIRE(model.log.await(1));
    std::vector<std::int32_t> ids;
    const auto told = model.log.take();
    for (const auto& token : told.at(2).tokens)
      ids.push_back(token.id);
    BOOST_TEST(assets->tokens.decode(ids) == known);
  }
}

BOOST_AUTO_TEST_CASE(stories260k_is_the_same_in_every_topology) {
  check_topologies(
      model_assets::open("stories", "examples/models/stories260k.gguf"),
      {1, 2, 4});
}

BOOST_AUTO_TEST_CASE(edge_is_the_same_in_every_topology) {
  check_topologies(model_assets::open("edge", "examples/models/edge-q8_0.gguf"),
                   {1, 2, 4});
}

BOOST_AUTO_TEST_SUITE_END()
