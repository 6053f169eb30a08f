// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Drafts change no answer: under replay token by token, under rejection in
// distribution (chi-square tests with fixed seeds).
#include "device/model/speculative.hpp"

#include "device/error.hpp"
#include "tests/device/model/chi_square.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

constexpr std::size_t vocabulary = 7;
constexpr std::size_t drafted_tokens = 3;

// A model of one word's memory: logits follow from the last token alone.
std::vector<float> logits_after(std::int32_t last, std::uint32_t model) {
  std::vector<float> out;
  std::uint32_t random = 977 * model + 31 * static_cast<std::uint32_t>(last);
  for (std::size_t i = 0; i < vocabulary; ++i) {
    random = random * 1664525u + 1013904223u;
    out.push_back(static_cast<float>(random >> 24) / 100.0f);
  }
  return out;
}

constexpr std::uint32_t large = 1;
constexpr std::uint32_t small = 2;

// Temperature, min-p, top-k and top-p written out a second time, slowly.
std::vector<double> shares_after(std::int32_t last,
                                 const sampling_params& params) {
  const auto logits = logits_after(last, large);
  std::vector<std::size_t> order(vocabulary);
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(
      order, [&](auto a, auto b) { return logits[a] > logits[b]; });
  std::vector<double> weights(vocabulary);
  const double best = logits[order[0]];
  double total = 0;
  for (std::size_t rank = 0; rank < vocabulary; ++rank) {
    const double weight =
        std::exp((logits[order[rank]] - best) / params.temperature);
    if (weight < params.min_p || (params.top_k > 0 && rank >= params.top_k))
      continue;
    total += weights[order[rank]] = weight;
  }
  double kept = 0;
  double left = 0;
  for (const auto i : order) {
    if (kept >= params.top_p * total)
      weights[i] = 0;
    kept += weights[i];
    left += weights[i];
  }
  for (auto& x : weights)
    x /= left;
  return weights;
}

draft draft_after(std::int32_t last, const sampling_params& params,
                  std::uint64_t position, bool guesses) {
  draft out;
  for (std::size_t i = 0; i < drafted_tokens; ++i) {
    auto logits = logits_after(last, small);
    last = propose(params, logits, position + i);
    out.tokens.push_back(last);
    if (!guesses)
      out.proposals.insert(out.proposals.end(), logits.begin(), logits.end());
  }
  return out;
}

struct run {
  std::vector<std::int32_t> tokens;
  int steps = 0;
};

// `count` tokens after token 0, with drafts or one by one.
run generate(sampler target, std::size_t count, bool drafts,
             bool guesses = false) {
  run out;
  std::int32_t last = 0;
  while (out.tokens.size() < count) {
    const auto position = out.tokens.size() + 1;
    draft drafted;
    if (drafts)
      drafted = draft_after(last, target.params(), position, guesses);
    auto logits = logits_after(last, large);
    for (const auto id : drafted.tokens) {
      const auto row = logits_after(id, large);
      logits.insert(logits.end(), row.begin(), row.end());
    }
    for (const auto& token : verify(target, logits, position, drafted))
      out.tokens.push_back(token.id);
    last = out.tokens.back();
    ++out.steps;
  }
  out.tokens.resize(count);
  return out;
}

// Counts the first three tokens of many answers as one event, so that what
// comes after an accepted and after a refused draft is tested too.
void check_triples(sampling_params params, bool guesses) {
  constexpr int answers = 60000;
  std::vector<int> counts(vocabulary * vocabulary * vocabulary);
  for (int i = 0; i < answers; ++i) {
    params.seed = static_cast<std::uint64_t>(i);
    const auto said = generate(sampler{params, {}}, 3, true, guesses).tokens;
    ++counts[static_cast<std::size_t>(
        (said[0] * int{vocabulary} + said[1]) * int{vocabulary} + said[2])];
  }
  std::vector<double> expected;
  const auto first = shares_after(0, params);
  for (std::size_t a = 0; a < vocabulary; ++a) {
    const auto second = shares_after(static_cast<std::int32_t>(a), params);
    for (std::size_t b = 0; b < vocabulary; ++b) {
      const auto third = shares_after(static_cast<std::int32_t>(b), params);
      for (std::size_t c = 0; c < vocabulary; ++c)
        expected.push_back(first[a] * second[b] * third[c]);
    }
  }
  check_fit(counts, expected);
}

} // namespace

BOOST_AUTO_TEST_SUITE(speculative)

BOOST_AUTO_TEST_CASE(rejection_follows_the_target_distribution) {
  check_triples({}, false);
  sampling_params params;
  params.temperature = 0.7f;
  check_triples(params, false);
  params.top_k = 4;
  check_triples(params, false);
}

BOOST_AUTO_TEST_CASE(rejection_keeps_to_the_truncations) {
  sampling_params nucleus;
  nucleus.top_p = 0.8f;
  check_triples(nucleus, false);
  sampling_params floor;
  floor.min_p = 0.2f;
  floor.stream = 3;
  check_triples(floor, false);
}

BOOST_AUTO_TEST_CASE(guesses_follow_the_target_distribution) {
  check_triples({}, true);
}

BOOST_AUTO_TEST_CASE(greedy_answers_are_identical_with_drafts) {
  sampling_params params;
  params.temperature = 0.0f;
  const sampler target{params, {}};
  const auto expected = generate(target, 200, false).tokens;
  for (const bool guesses : {false, true})
    BOOST_TEST(generate(target, 200, true, guesses).tokens == expected,
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(seeded_answers_are_identical_with_drafts) {
  sampling_params params;
  params.seeded = true;
  params.presence_penalty = 0.5f;
  params.repetition_penalty = 1.1f;
  for (params.seed = 0; params.seed < 20; ++params.seed) {
    const sampler target{params, {}};
    const auto expected = generate(target, 100, false).tokens;
    BOOST_TEST(generate(target, 100, true).tokens == expected,
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(drafts_save_steps) {
  sampling_params params;
  const auto steps = [&] {
    return generate(sampler{params, {}}, 3000, true).steps;
  };
  const int rejection = steps();
  params.seeded = true;
  const int replay = steps();
  BOOST_TEST(rejection < 3000 * 3 / 4);
  BOOST_TEST(replay < 3000 * 3 / 4);
}

BOOST_AUTO_TEST_CASE(equal_distributions_accept_every_draft) {
  sampling_params params;
  params.seed = 4;
  sampler target{params, {}};
  std::int32_t last = 0;
  for (std::uint64_t position = 1; position < 400; position += 2) {
    auto proposal = logits_after(last, large);
    const auto id = propose(params, proposal, position);
    auto logits = logits_after(last, large);
    const auto next = logits_after(id, large);
    logits.insert(logits.end(), next.begin(), next.end());
    const auto said = verify(target, logits, position, {{id}, proposal});
    BOOST_REQUIRE(said.size() == 2u);
    last = said.back().id;
  }
}

BOOST_AUTO_TEST_CASE(no_draft_is_plain_sampling) {
  sampling_params params;
  params.seed = 9;
  sampler with{params, {}};
  sampler without{params, {}};
  auto a = logits_after(0, large);
  auto b = a;
  BOOST_TEST(verify(with, a, 5, {}).front().id == without.next(b, 5).id);
}

BOOST_AUTO_TEST_CASE(end_token_is_the_last_even_when_drafted) {
  sampling_params params;
  params.temperature = 0.0f;
  std::vector<float> logits;
  for (int row = 0; row < 3; ++row)
    for (std::size_t i = 0; i < vocabulary; ++i)
      logits.push_back(i == 2 ? 1.0f : 0.0f);
  sampler ends{params, {2}};
  auto copy = logits;
  BOOST_TEST(verify(ends, copy, 1, {{2, 2}, {}}).size() == 1u);
  params.ignore_eos = true;
  sampler goes_on{params, {5}};
  BOOST_TEST(verify(goes_on, logits, 1, {{2, 2}, {}}).size() == 3u);
}

BOOST_AUTO_TEST_CASE(logprobs_are_those_of_the_undrafted_answer) {
  sampling_params params;
  params.seeded = true;
  params.logprobs = true;
  params.top_logprobs = 2;
  sampler with{params, {}};
  sampler without{params, {}};
  auto row = logits_after(0, large);
  const auto plain = without.next(row, 1);
  auto both = logits_after(0, large);
  const auto next = logits_after(plain.id, large);
  both.insert(both.end(), next.begin(), next.end());
  const auto said = verify(with, both, 1, {{plain.id}, {}});
  BOOST_REQUIRE(said.size() == 2u);
  BOOST_TEST(said[0].logprob == plain.logprob);
  BOOST_TEST((said[0].top == plain.top));
}

BOOST_AUTO_TEST_CASE(broken_draft_model_is_refused) {
  std::vector<float> logits(vocabulary, 0.0f);
  logits[3] = std::numeric_limits<float>::quiet_NaN();
  BOOST_CHECK_THROW(propose({}, logits, 1), model_error);
}

BOOST_AUTO_TEST_SUITE_END()
