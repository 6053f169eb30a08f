// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/truncation.hpp"

#include "device/model/exponential.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

namespace sluice::device {

namespace {

// A token that may be drawn; weights are relative to the best token's 1.
struct candidate {
  float weight = 0.0f;
  std::int32_t id = 0;
};

bool ranks_before(const candidate& a, const candidate& b) noexcept {
  return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
}

// The smallest logit that min-p keeps.
float min_p_floor(float best, const sampling_params& params) {
  if (params.min_p <= 0.0f)
    return std::numeric_limits<float>::lowest();
  const double distance = params.temperature * std::log(double{params.min_p});
  return static_cast<float>(best + distance);
}

// A logit that at least k tokens reach, as high as is quickly found: the k-th
// largest of the maxima of `stride` interleaved groups; `floor` when k is
// larger than that.
float reached_by(std::span<const float> logits, std::size_t k, float floor) {
  constexpr std::size_t stride = 256;
  if (k > stride || logits.size() < 2 * stride)
    return floor;
  std::array<float, stride> highest;
  std::copy_n(logits.begin(), stride, highest.begin());
  std::size_t i = stride;
  for (; i + stride <= logits.size(); i += stride)
    for (std::size_t lane = 0; lane < stride; ++lane)
      highest[lane] =
          logits[i + lane] > highest[lane] ? logits[i + lane] : highest[lane];
  const auto kth = highest.begin() + static_cast<std::ptrdiff_t>(k) - 1;
  std::nth_element(highest.begin(), kth, highest.end(), std::greater<>{});
  return std::max(floor, *kth);
}

// The k best of the logits that reach `floor`, best first, with weights.
std::vector<candidate> best_k(std::span<const float> logits, float best,
                              float floor, const sampling_params& params) {
  const float least = reached_by(logits, params.top_k, floor);
  std::vector<candidate> out;
  for (std::size_t i = 0; i < logits.size(); ++i)
    if (logits[i] >= least)
      out.push_back({logits[i], static_cast<std::int32_t>(i)});
  const auto k = std::min<std::size_t>(params.top_k, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(k),
                    out.end(), ranks_before);
  out.resize(k);
  for (auto& c : out)
    c.weight = exp_of_negative((c.weight - best) / params.temperature);
  return out;
}

// Turns logits into weights, 0 below `floor`.
void weigh(std::span<float> logits, float best, float floor,
           float temperature) {
  for (auto& x : logits) {
    const float weight = exp_of_negative((x - best) / temperature);
    x = x >= floor ? weight : 0.0f;
  }
}

// Tokens per partial sum: a draw walks the sums, then one part.
constexpr std::size_t part_tokens = 64;

std::vector<float> partial_sums(std::span<const float> weights) {
  std::vector<float> sums;
  sums.reserve(weights.size() / part_tokens + 1);
  for (std::size_t first = 0; first < weights.size(); first += part_tokens) {
    const auto part =
        weights.subspan(first, std::min(part_tokens, weights.size() - first));
    // Eight sums side by side: the order is fixed and the loop vectorises.
    std::array<float, 8> lanes{};
    std::size_t i = 0;
    for (; i + 8 <= part.size(); i += 8)
      for (std::size_t lane = 0; lane < 8; ++lane)
        lanes[lane] += part[i + lane];
    for (; i < part.size(); ++i)
      lanes[0] += part[i];
    sums.push_back(((lanes[0] + lanes[1]) + (lanes[2] + lanes[3]))
                   + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7])));
  }
  return sums;
}

double total_of(std::span<const float> sums) {
  double total = 0.0;
  for (const auto x : sums)
    total += x;
  return total;
}

// The index in which the running sum of `weights` passes `target`; the last
// positive one if rounding hides it; 0 if there is none.
std::size_t walk(std::span<const float> weights, double& target) {
  std::size_t last = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] <= 0.0f)
      continue;
    last = i;
    if (target < weights[i])
      return i;
    target -= weights[i];
  }
  return last;
}

std::int32_t draw_from_all(std::span<const float> weights,
                           std::span<const float> sums, double random) {
  double target = random * total_of(sums);
  const auto part = walk(sums, target) * part_tokens;
  const auto tokens =
      weights.subspan(part, std::min(part_tokens, weights.size() - part));
  return static_cast<std::int32_t>(part + walk(tokens, target));
}

std::int32_t draw_from(std::span<const candidate> candidates, double random) {
  double total = 0.0;
  for (const auto& c : candidates)
    total += c.weight;
  double target = random * total;
  for (const auto& c : candidates) {
    if (target < c.weight)
      return c.id;
    target -= c.weight;
  }
  return candidates.front().id; // rounding; its weight is positive
}

// Cuts after the token with which the sum reaches p of `total`.
void keep_nucleus(std::vector<candidate>& best_first, float p, double total) {
  double sum = 0.0;
  for (std::size_t i = 0; i < best_first.size(); ++i) {
    sum += best_first[i].weight;
    if (sum >= p * total) {
      best_first.resize(i + 1);
      return;
    }
  }
}

// Leaves in `out` [vocabulary] the candidates' shares and 0 elsewhere.
void spread(const std::vector<candidate>& candidates, std::span<float> out) {
  double total = 0.0;
  for (const auto& c : candidates)
    total += c.weight;
  std::ranges::fill(out, 0.0f);
  for (const auto& c : candidates)
    out[static_cast<std::size_t>(c.id)] = static_cast<float>(c.weight / total);
}

// The tokens of the nucleus of all weights, best first.
std::vector<candidate> nucleus(std::span<const float> weights, float p,
                               double total) {
  // Tokens below (1 - p) of the mean weight hold less than 1 - p together, so
  // the nucleus lies above: few are left to sort.
  const auto tail = static_cast<float>((1.0 - p) * total
                                       / static_cast<double>(weights.size()));
  std::vector<candidate> out;
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (weights[i] > 0.0f && weights[i] >= tail)
      out.push_back({weights[i], static_cast<std::int32_t>(i)});
  // A heap gives the best first and is left when the nucleus is complete.
  const auto ranks_after = [](const candidate& a, const candidate& b) {
    return ranks_before(b, a);
  };
  std::make_heap(out.begin(), out.end(), ranks_after);
  std::vector<candidate> kept;
  double sum = 0.0;
  while (!out.empty() && sum < p * total) {
    std::pop_heap(out.begin(), out.end(), ranks_after);
    kept.push_back(out.back());
    sum += kept.back().weight;
    out.pop_back();
  }
  return kept;
}

} // namespace

namespace {

bool has_top_k(std::span<const float> logits, const sampling_params& params) {
  return params.top_k > 0 && params.top_k < logits.size();
}

// What min-p, top-k and top-p leave, best first; only with top-k.
std::vector<candidate> best_candidates(std::span<const float> logits,
                                       float best, float floor,
                                       const sampling_params& params) {
  auto candidates = best_k(logits, best, floor, params);
  double total = 0.0;
  for (const auto& c : candidates)
    total += c.weight;
  if (params.top_p < 1.0f)
    keep_nucleus(candidates, params.top_p, total);
  return candidates;
}

} // namespace

void to_probabilities(std::span<float> logits, float best,
                      const sampling_params& params) {
  const float floor = min_p_floor(best, params);
  if (has_top_k(logits, params))
    return spread(best_candidates(logits, best, floor, params), logits);
  weigh(logits, best, floor, params.temperature);
  const auto total = total_of(partial_sums(logits));
  if (params.top_p < 1.0f)
    return spread(nucleus(logits, params.top_p, total), logits);
  for (auto& x : logits)
    x = static_cast<float>(x / total);
}

std::int32_t draw(std::span<float> logits, float best,
                  const sampling_params& params, double random) {
  const float floor = min_p_floor(best, params);
  if (has_top_k(logits, params))
    return draw_from(best_candidates(logits, best, floor, params), random);
  weigh(logits, best, floor, params.temperature);
  const auto sums = partial_sums(logits);
  if (params.top_p < 1.0f)
    return draw_from(nucleus(logits, params.top_p, total_of(sums)), random);
  return draw_from_all(logits, sums, random);
}

} // namespace sluice::device
