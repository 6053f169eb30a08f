// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Draws follow the distribution that the parameters describe: chi-square tests
// with fixed seeds, so that they pass or fail the same way every time.
#include "device/model/sampling.hpp"
#include "tests/device/model/chi_square.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace sluice::device;
using namespace sluice::device::tests;

namespace {

constexpr int usual_draws = 40000;

std::vector<int> histogram(const sampling_params& params,
                           const std::vector<float>& logits,
                           int draws = usual_draws) {
  sampler choose(params, {});
  std::vector<int> counts(logits.size());
  for (int i = 0; i < draws; ++i) {
    auto row = logits;
    ++counts[static_cast<std::size_t>(
        choose.next(row, static_cast<std::uint64_t>(i)).id)];
  }
  return counts;
}

// Softmax at `temperature`.
std::vector<double> shares(const std::vector<float>& logits,
                           double temperature = 1.0) {
  std::vector<double> out;
  for (const auto x : logits)
    out.push_back(std::exp(x / temperature));
  const double sum = std::accumulate(out.begin(), out.end(), 0.0);
  for (auto& x : out)
    x /= sum;
  return out;
}

// Keeps the first `count` shares (logits are sorted here) and renormalises.
std::vector<double> first_of(std::vector<double> all, std::size_t count) {
  const double sum = std::accumulate(
      all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), 0.0);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i] = i < count ? all[i] / sum : 0.0;
  return all;
}

// Shares fall from 0.2 to 0.02 or so: every cell has hundreds of draws.
std::vector<float> falling() {
  std::vector<float> out;
  for (int i = 0; i < 12; ++i)
    out.push_back(2.0f - 0.2f * static_cast<float>(i));
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(sampling_distribution)

BOOST_AUTO_TEST_CASE(plain_draws_follow_the_softmax) {
  check_fit(histogram({}, falling()), shares(falling()));
}

BOOST_AUTO_TEST_CASE(temperature_sharpens_and_flattens) {
  for (const float temperature : {0.5f, 2.0f}) {
    sampling_params params;
    params.temperature = temperature;
    params.seed = 5;
    check_fit(histogram(params, falling()), shares(falling(), temperature));
  }
}

BOOST_AUTO_TEST_CASE(top_k_keeps_the_k_best) {
  sampling_params params;
  params.top_k = 3;
  check_fit(histogram(params, falling()), first_of(shares(falling()), 3));
}

BOOST_AUTO_TEST_CASE(top_p_keeps_the_token_that_crosses_it) {
  const auto all = shares(falling());
  sampling_params params;
  params.top_p = static_cast<float>(all[0] + all[1] + all[2] / 2);
  check_fit(histogram(params, falling()), first_of(all, 3));
  params.top_p = 1e-6f;
  check_fit(histogram(params, falling()), first_of(all, 1));
}

BOOST_AUTO_TEST_CASE(top_p_is_measured_on_what_top_k_left) {
  const auto four = first_of(shares(falling()), 4);
  sampling_params params;
  params.top_k = 4;
  params.top_p = static_cast<float>(four[0] + four[1] / 2);
  check_fit(histogram(params, falling()), first_of(four, 2));
}

BOOST_AUTO_TEST_CASE(min_p_is_relative_to_the_best_after_temperature) {
  sampling_params params;
  params.min_p = static_cast<float>(std::exp(-0.85));
  check_fit(histogram(params, falling()), first_of(shares(falling()), 5));
  params.temperature = 2.0f;
  check_fit(histogram(params, falling()), first_of(shares(falling(), 2.0), 9));
  params.top_k = 11;
  check_fit(histogram(params, falling()), first_of(shares(falling(), 2.0), 9));
}

BOOST_AUTO_TEST_CASE(order_of_ids_does_not_matter) {
  auto logits = falling();
  auto expected = first_of(shares(logits), 6);
  std::reverse(logits.begin(), logits.end());
  std::reverse(expected.begin(), expected.end());
  sampling_params params;
  params.top_k = 6;
  check_fit(histogram(params, logits), expected);
}

// 8192 tokens in parts of 64, most of the mass in a few far apart.
BOOST_AUTO_TEST_CASE(a_large_vocabulary_is_drawn_from_evenly) {
  std::vector<float> logits(8192, -20.0f);
  const std::vector<std::size_t> ids{0, 63, 64, 4095, 8191};
  std::vector<float> few;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    logits[ids[i]] = static_cast<float>(i) * 0.3f;
    few.push_back(logits[ids[i]]);
  }
  for (const float top_p : {1.0f, 0.9999f}) {
    sampling_params params;
    params.top_p = top_p;
    params.min_p = 0.001f;
    const auto counts = histogram(params, logits, 8000);
    std::vector<int> kept;
    for (const auto id : ids)
      kept.push_back(counts[id]);
    BOOST_TEST(std::accumulate(kept.begin(), kept.end(), 0) == 8000);
    check_fit(kept, shares(few));
  }
}

BOOST_AUTO_TEST_CASE(streams_of_one_seed_are_independent) {
  // Pairs of draws from two streams fill a 4 x 4 table evenly.
  const std::vector<float> flat(4, 0.0f);
  sampling_params params;
  sampler first(params, {});
  params.stream = 1;
  sampler second(params, {});
  std::vector<int> pairs(16);
  for (int i = 0; i < usual_draws; ++i) {
    auto a = flat;
    auto b = flat;
    const auto position = static_cast<std::uint64_t>(i);
    ++pairs[static_cast<std::size_t>(4 * first.next(a, position).id
                                     + second.next(b, position).id)];
  }
  check_fit(pairs, std::vector<double>(16, 1.0 / 16));
}

BOOST_AUTO_TEST_SUITE_END()
