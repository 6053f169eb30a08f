// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/stage_work.hpp"

#include <stdexcept>

namespace sluice::actors {

stage_work::stage_work(std::unique_ptr<stage_engine> engine, bool last,
                       std::vector<std::int32_t> end_tokens)
    : engine_{std::move(engine)}, last_{last}, end_tokens_{
                                                   std::move(end_tokens)} {}

std::vector<device::sampled_token> stage_work::run(const batch_plan& plan,
                                                   std::vector<float>& hidden,
                                                   std::string& error) {
  std::vector<device::sampled_token> tokens;
  try {
    if (last_)
      for (const auto& start : plan.opened) {
        const auto at =
            samplers_.try_emplace(start.sequence, start.params, end_tokens_);
        at.first->second.add_prompt(start.prompt);
      }
    if (error.empty() && !plan.steps.empty()) {
      auto logits = engine_->forward(plan.steps, hidden);
      if (last_)
        tokens = sample(plan, std::move(logits));
    }
  } catch (const std::exception& e) {
    error = e.what();
    if (error.empty())
      error = "the stage failed without saying why";
    tokens.clear();
  }
  for (const auto key : plan.closed)
    samplers_.erase(key);
  return tokens;
}

std::vector<device::sampled_token>
stage_work::sample(const batch_plan& plan, std::vector<float> logits) {
  std::size_t rows = 0;
  for (const auto& step : plan.steps)
    rows += step.outputs;
  std::vector<device::sampled_token> tokens;
  if (rows == 0)
    return tokens;
  tokens.reserve(rows);
  const auto vocabulary = logits.size() / rows;
  if (vocabulary == 0 || logits.size() % rows != 0)
    throw std::runtime_error("the last stage made "
                             + std::to_string(logits.size()) + " logits for "
                             + std::to_string(rows) + " rows");
  std::span<float> left{logits};
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    if (step.outputs == 0)
      continue;
    const auto position = std::uint64_t{step.start} + step.tokens.size();
    tokens.push_back(
        samplers_.at(plan.sequences[i]).next(left.first(vocabulary), position));
    left = left.subspan(vocabulary);
  }
  return tokens;
}

} // namespace sluice::actors
