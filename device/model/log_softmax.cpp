// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/log_softmax.hpp"

#include "device/error.hpp"
#include "device/model/exponential.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>
#include <string>

namespace sluice::device {

namespace {

constexpr std::size_t lane_count = 16;

// The largest number (NaN never wins) and whether a NaN was seen. Lanes side
// by side, so that the loop vectorises without reordering rules being relaxed.
std::pair<float, bool> scan(std::span<const float> logits) {
  std::array<float, lane_count> best;
  best.fill(-std::numeric_limits<float>::infinity());
  std::array<std::uint32_t, lane_count> strange{};
  std::size_t i = 0;
  for (; i + lane_count <= logits.size(); i += lane_count) {
    for (std::size_t lane = 0; lane < lane_count; ++lane) {
      const float x = logits[i + lane];
      best[lane] = x > best[lane] ? x : best[lane];
      strange[lane] |= x != x ? 1u : 0u;
    }
  }
  for (; i < logits.size(); ++i) {
    best[0] = std::max(best[0], logits[i]);
    strange[0] |= logits[i] != logits[i] ? 1u : 0u;
  }
  return {*std::max_element(best.begin(), best.end()),
          *std::max_element(strange.begin(), strange.end()) != 0};
}

[[noreturn]] void refuse(std::span<const float> logits) {
  const auto bad = std::find_if(logits.begin(), logits.end(), [](float x) {
    return x != x || x == std::numeric_limits<float>::infinity();
  });
  if (bad == logits.end())
    throw model_error("logits: no token is left to choose");
  throw model_error("logits: the model gave "
                    + std::string{*bad != *bad ? "NaN" : "infinity"}
                    + " for token " + std::to_string(bad - logits.begin()));
}

} // namespace

float checked_max(std::span<const float> logits) {
  assert(!logits.empty());
  const auto [best, has_nan] = scan(logits);
  if (has_nan || !std::isfinite(best))
    refuse(logits);
  return best;
}

double log_sum(std::span<const float> logits, float best) {
  double sum = 0.0;
  std::array<float, 64> part;
  for (std::size_t first = 0; first < logits.size(); first += part.size()) {
    const auto count = std::min(part.size(), logits.size() - first);
    for (std::size_t i = 0; i < count; ++i)
      part[i] = exp_of_negative(logits[first + i] - best);
    std::fill(part.begin() + static_cast<std::ptrdiff_t>(count), part.end(),
              0.0f);
    // Halves are added onto each other: a fixed order that vectorises.
    for (std::size_t half = part.size() / 2; half > 0; half /= 2)
      for (std::size_t i = 0; i < half; ++i)
        part[i] += part[i + half];
    sum += part[0];
  }
  return best + std::log(sum);
}

std::vector<std::pair<std::int32_t, float>>
top_log_probabilities(std::span<const float> logits, double sum,
                      std::size_t count) {
  std::vector<std::pair<std::int32_t, float>> out;
  count = std::min(count, logits.size());
  if (count == 0)
    return out;
  const auto better = [](const auto& a, const auto& b) {
    return a.second > b.second;
  };
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (out.size() == count && logits[i] <= out.back().second)
      continue;
    if (out.size() == count)
      out.pop_back();
    const std::pair entry{static_cast<std::int32_t>(i), logits[i]};
    out.insert(std::upper_bound(out.begin(), out.end(), entry, better), entry);
  }
  for (auto& [id, value] : out)
    value = static_cast<float>(value - sum);
  return out;
}

} // namespace sluice::device
