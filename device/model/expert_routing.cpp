// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/expert_routing.hpp"

#include "device/model/exponential.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

namespace sluice::device {

namespace {

// Indices of the `used` largest, best first.
std::vector<std::uint32_t> largest(std::span<const float> logits,
                                   std::size_t used) {
  std::vector<std::uint32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0u);
  // A logit that is not a number ranks last and keeps the order strict.
  const auto rank = [&](std::uint32_t i) {
    const float x = logits[i];
    return x == x ? x : -std::numeric_limits<float>::infinity();
  };
  std::partial_sort(order.begin(),
                    order.begin() + static_cast<std::ptrdiff_t>(used),
                    order.end(), [&](std::uint32_t a, std::uint32_t b) {
                      return rank(a) != rank(b) ? rank(a) > rank(b) : a < b;
                    });
  order.resize(used);
  return order;
}

} // namespace

std::vector<expert_share> route(std::span<const float> logits,
                                std::size_t experts, std::size_t used,
                                bool normalize) {
  assert(used >= 1 && used <= experts && logits.size() % experts == 0);
  std::vector<expert_share> out(experts);
  for (std::size_t row = 0; row * experts < logits.size(); ++row) {
    const auto mine = logits.subspan(row * experts, experts);
    const auto chosen = largest(mine, used);
    const float best = mine[chosen.front()];
    const auto weight = [&](std::uint32_t e) {
      return exp_of_negative(mine[e] - best);
    };
    float sum = 0.0f;
    if (normalize)
      for (const auto e : chosen)
        sum += weight(e);
    else
      for (std::uint32_t e = 0; e < experts; ++e)
        sum += weight(e);
    for (const auto e : chosen) {
      out[e].rows.push_back(static_cast<std::uint32_t>(row));
      out[e].weights.push_back(weight(e) / sum);
    }
  }
  return out;
}

} // namespace sluice::device
