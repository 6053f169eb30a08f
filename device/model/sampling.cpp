// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/sampling.hpp"

#include "device/error.hpp"
#include "device/model/log_softmax.hpp"
#include "device/model/speculative.hpp"
#include "device/model/truncation.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <string>

namespace sluice::device {

namespace {

bool in_range(std::int32_t id, std::span<const float> logits) {
  return id >= 0 && static_cast<std::size_t>(id) < logits.size();
}

[[maybe_unused]] bool are_valid(const sampling_params& p) {
  return p.temperature >= 0.0f && p.top_p > 0.0f && p.top_p <= 1.0f
         && p.min_p >= 0.0f && p.min_p <= 1.0f && p.repetition_penalty > 0.0f
         && p.presence_penalty >= -2.0f && p.presence_penalty <= 2.0f
         && p.frequency_penalty >= -2.0f && p.frequency_penalty <= 2.0f
         && p.top_logprobs <= 20;
}

} // namespace

sampler::sampler(sampling_params params, std::vector<std::int32_t> end_tokens)
    : params_(std::move(params)), end_tokens_(std::move(end_tokens)) {
  assert(are_valid(params_));
}

void sampler::add_prompt(std::span<const std::int32_t> ids) {
  prompt_tokens_ += ids.size();
  if (params_.repetition_penalty == 1.0f)
    return;
  for (const auto id : ids)
    ++prompt_counts_[id];
}

bool sampler::counts_output() const {
  return params_.repetition_penalty != 1.0f || params_.presence_penalty != 0.0f
         || params_.frequency_penalty != 0.0f;
}

void sampler::add_output(std::span<const std::int32_t> ids) {
  if (counts_output())
    for (const auto id : ids)
      ++output_counts_[id];
}

void sampler::bias(std::span<float> logits) const {
  for (const auto& [id, value] : params_.logit_bias) {
    if (!in_range(id, logits))
      throw model_error("logit_bias: no token " + std::to_string(id)
                        + " in a vocabulary of "
                        + std::to_string(logits.size()));
    logits[static_cast<std::size_t>(id)] += value;
  }
}

bool sampler::bans_end_tokens(std::uint64_t position) const {
  return params_.ignore_eos || position < prompt_tokens_ + params_.min_tokens;
}

// Where nothing else is left to choose (a grammar or allowed_token_ids wants
// the end now), the end comes all the same.
void sampler::ban_end_tokens(std::span<float> logits) const {
  constexpr float never = -std::numeric_limits<float>::infinity();
  std::vector<std::pair<std::size_t, float>> banned;
  const auto ban = [&](std::int32_t id) {
    if (!in_range(id, logits))
      return;
    auto& logit = logits[static_cast<std::size_t>(id)];
    banned.emplace_back(static_cast<std::size_t>(id), logit);
    logit = never;
  };
  std::ranges::for_each(end_tokens_, ban);
  if (!params_.ignore_eos)
    std::ranges::for_each(params_.stop_token_ids, ban);
  if (std::ranges::any_of(logits, [](float x) { return x != never; }))
    return;
  for (auto at = banned.rbegin(); at != banned.rend(); ++at)
    logits[at->first] = at->second;
}

void sampler::keep_allowed(std::span<float> logits) const {
  if (params_.allowed_token_ids.empty())
    return;
  std::vector<std::pair<std::size_t, float>> kept;
  for (const auto id : params_.allowed_token_ids)
    if (in_range(id, logits))
      kept.emplace_back(static_cast<std::size_t>(id),
                        logits[static_cast<std::size_t>(id)]);
  std::ranges::fill(logits, -std::numeric_limits<float>::infinity());
  for (const auto& [id, value] : kept)
    logits[id] = value;
}

void sampler::follow(std::shared_ptr<const compiled_grammar> grammar) {
  grammar_.emplace(std::move(grammar));
}

bool sampler::is_end(std::int32_t id) const {
  return std::ranges::count(end_tokens_, id) > 0
         || std::ranges::count(params_.stop_token_ids, id) > 0;
}

void sampler::keep_grammatical(std::span<float> logits) const {
  if (!grammar_)
    return;
  std::vector<std::uint64_t> bits(
      (std::max(logits.size(), grammar_->grammar().trie().vocabulary()) + 63)
      / 64);
  grammar_->mask(bits);
  const auto set = [&](std::int32_t id, bool allowed) {
    if (!in_range(id, logits))
      return;
    auto& word = bits[static_cast<std::size_t>(id) / 64];
    const auto bit = std::uint64_t{1} << (id % 64);
    word = allowed ? word | bit : word & ~bit;
  };
  for (const auto id : end_tokens_)
    set(id, grammar_->may_end());
  if (grammar_->may_end())
    for (const auto id : params_.stop_token_ids)
      set(id, true);
  for (std::size_t i = 0; i < logits.size(); ++i)
    if ((bits[i / 64] >> (i % 64) & 1) == 0)
      logits[i] = -std::numeric_limits<float>::infinity();
}

// Tells the grammar of the chosen token.
grammar_end sampler::go_on(std::int32_t id) {
  if (!grammar_)
    return grammar_end::none;
  if (id < 0)
    return grammar_end::stuck;
  const bool taken = grammar_->accept(id);
  if (!taken && is_end(id))
    return params_.ignore_eos ? grammar_end::complete : grammar_end::none;
  assert(taken);
  return grammar_->finished() ? grammar_end::complete : grammar_end::none;
}

void sampler::penalise(std::span<float> logits) const {
  const auto repeat = [&](std::int32_t id) {
    auto& x = logits[static_cast<std::size_t>(id)];
    x = x > 0.0f ? x / params_.repetition_penalty
                 : x * params_.repetition_penalty;
  };
  if (params_.repetition_penalty != 1.0f) {
    for (const auto& [id, count] : prompt_counts_)
      if (in_range(id, logits) && !output_counts_.contains(id))
        repeat(id);
    for (const auto& [id, count] : output_counts_)
      repeat(id);
  }
  for (const auto& [id, count] : output_counts_)
    logits[static_cast<std::size_t>(id)] -=
        params_.frequency_penalty * static_cast<float>(count)
        + params_.presence_penalty;
}

// The chosen token; -1 when the grammar leaves none.
std::int32_t sampler::choose(std::span<float> logits, float best,
                             std::uint64_t position,
                             const drafted_token* draft) {
  keep_allowed(logits);
  keep_grammatical(logits);
  const bool endless = bans_end_tokens(position);
  if (endless)
    ban_end_tokens(logits);
  if (grammar_ && std::ranges::none_of(logits, [](float x) {
        return x != -std::numeric_limits<float>::infinity();
      }))
    return -1;
  penalise(logits);
  if (grammar_ || endless || !params_.allowed_token_ids.empty()
      || !output_counts_.empty() || !prompt_counts_.empty())
    best = checked_max(logits);
  std::int32_t id = 0;
  if (params_.temperature == 0.0f)
    id = static_cast<std::int32_t>(std::find(logits.begin(), logits.end(), best)
                                   - logits.begin());
  else if (draft != nullptr)
    id = accept_or_redraw(logits, best, params_, position, *draft);
  else
    id = draw(logits, best, params_,
              random_number(params_, position, draw_purpose::token));
  if (counts_output())
    ++output_counts_[id];
  return id;
}

bool sampler::ends(std::int32_t id) const {
  return std::ranges::count(params_.stop_token_ids, id) > 0
         || (!params_.ignore_eos && std::ranges::count(end_tokens_, id) > 0);
}

sampled_token sampler::next(std::span<float> logits, std::uint64_t position) {
  return next(logits, position, nullptr);
}

sampled_token sampler::next(std::span<float> logits, std::uint64_t position,
                            const drafted_token& draft) {
  assert(!replays(params_));
  return next(logits, position, &draft);
}

sampled_token sampler::next(std::span<float> logits, std::uint64_t position,
                            const drafted_token* draft) {
  bias(logits);
  const float best = checked_max(logits);
  sampled_token out;
  if (!params_.logprobs && params_.top_logprobs == 0) {
    out.id = choose(logits, best, position, draft);
    out.grammar = go_on(out.id);
    return out;
  }
  const double sum = log_sum(logits, best);
  out.top = top_log_probabilities(logits, sum, params_.top_logprobs);
  const std::vector<float> biased(logits.begin(), logits.end());
  out.id = choose(logits, best, position, draft);
  out.grammar = go_on(out.id);
  if (out.id >= 0)
    out.logprob =
        static_cast<float>(biased[static_cast<std::size_t>(out.id)] - sum);
  return out;
}

} // namespace sluice::device
