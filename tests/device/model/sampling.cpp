// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/sampling.hpp"

#include "device/error.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <set>

using namespace sluice::device;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

sampling_params greedy() {
  sampling_params params;
  params.temperature = 0.0f;
  return params;
}

sampled_token next_of(sampler& choose, std::vector<float> logits,
                      std::uint64_t position = 0) {
  return choose.next(logits, position);
}

std::int32_t choice(const sampling_params& params, std::vector<float> logits,
                    std::vector<std::int32_t> end_tokens = {}) {
  sampler choose(params, std::move(end_tokens));
  return choose.next(logits, 0).id;
}

// Every id that 2000 positions give.
std::set<std::int32_t> drawn(const sampling_params& params,
                             const std::vector<float>& logits) {
  sampler choose(params, {});
  std::set<std::int32_t> out;
  for (std::uint64_t position = 0; position < 2000; ++position)
    out.insert(next_of(choose, logits, position).id);
  return out;
}

std::string error_of(const sampling_params& params, std::vector<float> logits) {
  try {
    choice(params, std::move(logits));
  } catch (const model_error& error) {
    return error.what();
  }
  return "";
}

} // namespace

BOOST_AUTO_TEST_SUITE(sampling)

BOOST_AUTO_TEST_CASE(greedy_takes_the_largest_logit) {
  std::vector<float> logits(100, -1.0f);
  for (const int best : {0, 15, 16, 63, 99}) {
    auto row = logits;
    row[static_cast<std::size_t>(best)] = 2.0f;
    BOOST_TEST(choice(greedy(), row) == best);
  }
}

BOOST_AUTO_TEST_CASE(ties_go_to_the_lowest_id) {
  BOOST_TEST(choice(greedy(), {1.0f, 3.0f, 3.0f, 3.0f}) == 1);
  sampling_params first;
  first.top_k = 1;
  BOOST_TEST(drawn(first, {1.0f, 3.0f, 3.0f, 3.0f}) == std::set{1});
  sampling_params nucleus;
  nucleus.top_p = 0.3f;
  BOOST_TEST(drawn(nucleus, {-9.0f, 3.0f, 3.0f, 3.0f}) == std::set{1});
}

BOOST_AUTO_TEST_CASE(minus_infinity_is_never_chosen) {
  BOOST_TEST(choice(greedy(), {-infinity, -5.0f, -infinity}) == 1);
  BOOST_TEST(drawn({}, {-infinity, -5.0f, -infinity, -5.0f})
             == (std::set{1, 3}));
}

BOOST_AUTO_TEST_CASE(bad_logits_are_refused_with_the_token) {
  BOOST_TEST(error_of(greedy(), {0.0f, not_a_number})
             == "logits: the model gave NaN for token 1");
  BOOST_TEST(error_of({}, {not_a_number, 1.0f})
             == "logits: the model gave NaN for token 0");
  BOOST_TEST(error_of({}, {0.0f, 1.0f, infinity})
             == "logits: the model gave infinity for token 2");
  std::vector<float> late(8192, 0.5f);
  late[8000] = not_a_number;
  BOOST_TEST(error_of(greedy(), late)
             == "logits: the model gave NaN for token 8000");
}

BOOST_AUTO_TEST_CASE(a_row_without_any_choice_is_refused) {
  BOOST_TEST(error_of({}, {-infinity, -infinity})
             == "logits: no token is left to choose");
}

BOOST_AUTO_TEST_CASE(an_end_token_comes_when_nothing_else_is_left) {
  auto params = greedy();
  params.ignore_eos = true;
  BOOST_TEST(choice(params, {1.0f, 2.0f}, {0, 1}) == 1);
  params.allowed_token_ids = {0};
  BOOST_TEST(choice(params, {1.0f, 2.0f, 3.0f}, {0, 1}) == 0);
}

BOOST_AUTO_TEST_CASE(nothing_ends_an_answer_before_min_tokens) {
  auto params = greedy();
  params.min_tokens = 2;
  params.stop_token_ids = {2};
  sampler choose(params, {1});
  choose.add_prompt(std::vector<std::int32_t>(10));
  const std::vector<float> logits{1.0f, 9.0f, 8.0f};
  const auto at = [&](std::uint64_t position) {
    auto row = logits;
    return choose.next(row, position).id;
  };
  BOOST_TEST(at(10) == 0);
  BOOST_TEST(at(11) == 0);
  BOOST_TEST(at(12) == 1);
}

BOOST_AUTO_TEST_CASE(only_allowed_tokens_are_chosen) {
  auto params = greedy();
  params.allowed_token_ids = {2, 0, 700};
  BOOST_TEST(choice(params, {1.0f, 9.0f, 3.0f}) == 2);
  // Probabilities are told of all tokens, as the model saw them.
  params.logprobs = true;
  sampler choose(params, {});
  std::vector<float> row{0.0f, 0.0f, 0.0f};
  BOOST_TEST(choose.next(row, 0).logprob == std::log(1.0f / 3.0f),
             boost::test_tools::tolerance(1e-6f));
}

BOOST_AUTO_TEST_CASE(bias_moves_a_choice) {
  auto params = greedy();
  params.logit_bias = {{2, 10.0f}, {0, -100.0f}};
  BOOST_TEST(choice(params, {50.0f, 1.0f, 0.0f}) == 2);
}

BOOST_AUTO_TEST_CASE(bias_outside_the_vocabulary_is_refused) {
  auto params = greedy();
  params.logit_bias = {{3, 1.0f}};
  BOOST_TEST(error_of(params, {0.0f, 1.0f, 2.0f})
             == "logit_bias: no token 3 in a vocabulary of 3");
  params.logit_bias = {{-1, 1.0f}};
  BOOST_TEST(error_of(params, {0.0f})
             == "logit_bias: no token -1 in a vocabulary of 1");
}

BOOST_AUTO_TEST_CASE(ignored_end_tokens_are_never_chosen) {
  auto params = greedy();
  BOOST_TEST(choice(params, {1.0f, 9.0f, 8.0f}, {1, 2, 700}) == 1);
  params.ignore_eos = true;
  BOOST_TEST(choice(params, {1.0f, 9.0f, 8.0f}, {1, 2, 700}) == 0);
}

BOOST_AUTO_TEST_CASE(repetition_penalty_covers_prompt_and_output) {
  auto params = greedy();
  params.repetition_penalty = 2.0f;
  sampler choose(params, {});
  choose.add_prompt(std::vector<std::int32_t>{0});
  // 8 / 2 < 5; then 5 / 2 < 4.
  BOOST_TEST(next_of(choose, {8.0f, 5.0f, 3.0f}).id == 1);
  BOOST_TEST(next_of(choose, {8.0f, 5.0f, 3.0f}).id == 0);
  // Negative logits move down as well: -1 * 2 < -1.5.
  sampler negative(params, {});
  negative.add_prompt(std::vector<std::int32_t>{0, 0, 0});
  BOOST_TEST(next_of(negative, {-1.0f, -1.5f}).id == 1);
}

BOOST_AUTO_TEST_CASE(presence_penalty_counts_once_and_only_output) {
  auto params = greedy();
  params.presence_penalty = 1.0f;
  sampler choose(params, {});
  choose.add_prompt(std::vector<std::int32_t>{0});
  BOOST_TEST(next_of(choose, {2.0f, 1.5f}).id == 0);
  BOOST_TEST(next_of(choose, {2.0f, 1.5f}).id == 1);
  BOOST_TEST(next_of(choose, {2.0f, 1.5f}).id == 0);
  BOOST_TEST(next_of(choose, {2.0f, 1.5f}).id == 0);
}

BOOST_AUTO_TEST_CASE(frequency_penalty_grows_with_every_use) {
  auto params = greedy();
  params.frequency_penalty = 1.0f;
  sampler choose(params, {});
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(next_of(choose, {2.5f, 0.0f}).id);
  BOOST_TEST(ids == (std::vector{0, 0, 0, 1, 0}));
}

BOOST_AUTO_TEST_CASE(negative_penalties_encourage) {
  auto params = greedy();
  params.presence_penalty = -2.0f;
  sampler choose(params, {});
  BOOST_TEST(next_of(choose, {1.0f, 0.0f}).id == 0);
  BOOST_TEST(next_of(choose, {0.0f, 1.0f}).id == 0);
}

BOOST_AUTO_TEST_CASE(a_copy_continues_as_the_original_would) {
  sampling_params params;
  params.frequency_penalty = 0.7f;
  params.seed = 3;
  sampler original(params, {});
  const std::vector<float> logits(50, 0.0f);
  for (std::uint64_t i = 0; i < 20; ++i)
    next_of(original, logits, i);
  auto copy = original;
  for (std::uint64_t i = 20; i < 60; ++i)
    BOOST_TEST(next_of(original, logits, i).id == next_of(copy, logits, i).id);
}

BOOST_AUTO_TEST_CASE(logprobs_are_reported_only_when_asked_for) {
  sampler quiet(greedy(), {});
  BOOST_TEST(next_of(quiet, {0.0f, 1.0f}).logprob == 0.0f);
  BOOST_TEST(next_of(quiet, {0.0f, 1.0f}).top.empty());
  auto params = greedy();
  params.logprobs = true;
  sampler choose(params, {});
  const auto token = next_of(choose, {0.0f, std::log(3.0f)});
  BOOST_TEST(token.logprob == std::log(0.75f),
             boost::test_tools::tolerance(1e-6f));
  BOOST_TEST(token.top.empty());
}

BOOST_AUTO_TEST_CASE(top_logprobs_come_best_first_and_stable) {
  auto params = greedy();
  params.logprobs = true;
  params.top_logprobs = 3;
  sampler choose(params, {});
  const auto token = next_of(choose, {0.0f, 2.0f, 1.0f, 2.0f, 1.0f});
  BOOST_REQUIRE(token.top.size() == 3u);
  BOOST_TEST(token.top[0].first == 1);
  BOOST_TEST(token.top[1].first == 3);
  BOOST_TEST(token.top[2].first == 2);
  BOOST_TEST(token.top[0].second == token.logprob);
  // A vocabulary smaller than the wish gives what there is.
  BOOST_TEST(next_of(choose, {0.0f, 1.0f}).top.size() == 2u);
}

BOOST_AUTO_TEST_CASE(logprobs_know_of_bias_but_not_of_what_follows) {
  auto params = greedy();
  params.logprobs = true;
  params.top_logprobs = 1;
  params.ignore_eos = true;
  params.presence_penalty = 2.0f;
  params.logit_bias = {{0, std::log(2.0f)}};
  sampler choose(params, {1});
  // Shares after bias: 2, 4, 1, 1 of 8; token 1 is banned as an end token.
  const std::vector<float> logits{0.0f, std::log(4.0f), 0.0f, 0.0f};
  const auto token = next_of(choose, logits);
  BOOST_TEST(token.id == 0);
  BOOST_TEST(token.logprob == std::log(0.25f),
             boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(token.top[0].first == 1);
  // Penalised by 2, token 0 loses to token 2, whose share is still 1 of 8.
  const auto second = next_of(choose, logits);
  BOOST_TEST(second.id == 2);
  BOOST_TEST(second.logprob == std::log(0.125f),
             boost::test_tools::tolerance(1e-5f));
}

BOOST_AUTO_TEST_CASE(seed_stream_and_position_key_the_draw) {
  const std::vector<float> flat(4096, 0.0f);
  const auto at = [&](std::uint64_t seed, std::uint64_t stream,
                      std::uint64_t position) {
    sampling_params params;
    params.seed = seed;
    params.stream = stream;
    sampler choose(params, {});
    return next_of(choose, flat, position).id;
  };
  BOOST_TEST(at(1, 2, 3) == at(1, 2, 3));
  BOOST_TEST(at(1, 2, 3) != at(2, 2, 3));
  BOOST_TEST(at(1, 2, 3) != at(1, 3, 3));
  BOOST_TEST(at(1, 2, 3) != at(1, 2, 4));
}

// Computed once by a separate program from Philox and the softmax.
BOOST_AUTO_TEST_CASE(a_known_seed_gives_known_tokens) {
  sampling_params params;
  params.seed = 42;
  sampler choose(params, {});
  std::vector<float> logits;
  for (int i = 0; i < 1000; ++i)
    logits.push_back(static_cast<float>((i * 37) % 101) * 0.05f);
  std::vector<std::int32_t> ids;
  for (std::uint64_t i = 0; i < 6; ++i)
    ids.push_back(next_of(choose, logits, i).id);
  BOOST_TEST(ids == (std::vector{614, 988, 827, 734, 330, 319}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(extreme_temperatures_neither_crash_nor_lose_the_best) {
  sampling_params cold;
  cold.temperature = std::numeric_limits<float>::denorm_min();
  BOOST_TEST(drawn(cold, {1.0f, 1.001f, -infinity, 0.0f}) == std::set{1});
  sampling_params hot;
  hot.temperature = std::numeric_limits<float>::max();
  BOOST_TEST(drawn(hot, {1.0f, 2.0f, -infinity, 0.0f}) == (std::set{0, 1, 3}));
}

BOOST_AUTO_TEST_SUITE_END()
