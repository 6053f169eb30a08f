// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/speculative.hpp"

#include "device/model/log_softmax.hpp"
#include "device/model/philox.hpp"
#include "device/model/truncation.hpp"

#include <algorithm>
#include <cassert>

namespace sluice::device {

namespace {

// Draws from max(p - q, 0); from p where that is nothing but rounding.
std::int32_t draw_residual(std::span<const float> p, std::span<const float> q,
                           double random) {
  const auto excess = [&](std::size_t i) {
    return std::max(p[i] - q[i], 0.0f);
  };
  double total = 0.0;
  for (std::size_t i = 0; i < p.size(); ++i)
    total += excess(i);
  const bool equal = !(total > 0.0);
  if (equal)
    for (const auto x : p)
      total += x;
  double left = random * total;
  std::size_t last = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const float weight = equal ? p[i] : excess(i);
    if (weight <= 0.0f)
      continue;
    last = i;
    if (left < weight)
      break;
    left -= weight;
  }
  return static_cast<std::int32_t>(last);
}

} // namespace

double random_number(const sampling_params& params, std::uint64_t position,
                     draw_purpose purpose) {
  // Positions are far below 2^56.
  return uniform(params.seed, params.stream,
                 position
                     | std::uint64_t{static_cast<std::uint8_t>(purpose)} << 56);
}

std::int32_t propose(const sampling_params& params, std::span<float> logits,
                     std::uint64_t position) {
  for (const auto& [id, value] : params.logit_bias)
    if (id >= 0 && static_cast<std::size_t>(id) < logits.size())
      logits[static_cast<std::size_t>(id)] += value;
  const float best = checked_max(logits);
  if (params.temperature == 0.0f)
    return static_cast<std::int32_t>(std::ranges::find(logits, best)
                                     - logits.begin());
  if (replays(params))
    return draw(logits, best, params,
                random_number(params, position, draw_purpose::token));
  to_probabilities(logits, best, params);
  double left = random_number(params, position, draw_purpose::proposal);
  std::size_t last = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] <= 0.0f)
      continue;
    last = i;
    if (left < logits[i])
      break;
    left -= logits[i];
  }
  return static_cast<std::int32_t>(last);
}

std::vector<sampled_token> verify(sampler& target, std::span<float> logits,
                                  std::uint64_t position,
                                  const draft& drafted) {
  const auto count = drafted.tokens.size();
  const auto vocabulary = logits.size() / (count + 1);
  const bool rejects = !drafted.proposals.empty() && !replays(target.params());
  assert(logits.size() == (count + 1) * vocabulary);
  assert(!rejects || drafted.proposals.size() == count * vocabulary);
  std::vector<sampled_token> out;
  for (std::size_t i = 0; i <= count; ++i) {
    const auto row = logits.subspan(i * vocabulary, vocabulary);
    if (i < count && rejects)
      out.push_back(target.next(
          row, position + i,
          {drafted.tokens[i],
           std::span{drafted.proposals}.subspan(i * vocabulary, vocabulary)}));
    else
      out.push_back(target.next(row, position + i));
    const auto id = out.back().id;
    if (i == count || id != drafted.tokens[i] || target.ends(id)
        || out.back().grammar != grammar_end::none)
      break;
  }
  return out;
}

std::int32_t accept_or_redraw(std::span<float> logits, float best,
                              const sampling_params& params,
                              std::uint64_t position,
                              const drafted_token& draft) {
  to_probabilities(logits, best, params);
  const auto at = static_cast<std::size_t>(draft.id);
  const double accept =
      random_number(params, position, draw_purpose::acceptance);
  if (accept * draft.proposal[at] < logits[at])
    return draft.id;
  return draw_residual(logits, draft.proposal,
                       random_number(params, position, draw_purpose::residual));
}

} // namespace sluice::device
