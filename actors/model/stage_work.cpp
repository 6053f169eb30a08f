// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/stage_work.hpp"

#include "device/model/speculative.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace sluice::actors {

stage_work::stage_work(std::unique_ptr<stage_engine> engine, bool last,
                       std::vector<std::int32_t> end_tokens,
                       grammar_finder grammars)
    : engine_{std::move(engine)}, last_{last},
      end_tokens_{std::move(end_tokens)}, grammars_{std::move(grammars)} {}

void stage_work::open(const sampler_start& start) {
  const auto [at, fresh] =
      samplers_.try_emplace(start.sequence, start.params, end_tokens_);
  at->second.add_prompt(start.prompt);
  if (start.reading.kind != device::reading_kind::none)
    readers_.try_emplace(start.sequence, start.reading, start.prompt);
  if (const auto& source = start.params.grammar) {
    if (!grammars_)
      throw std::runtime_error("this model follows no grammars");
    at->second.follow(grammars_(source));
  }
}

stage_work::sampled stage_work::run(const batch_plan& plan,
                                    std::vector<float>& hidden,
                                    std::string& error,
                                    std::span<const float> proposals) {
  sampled out;
  try {
    if (last_)
      for (const auto& start : plan.opened)
        open(start);
    if (error.empty())
      for (const auto& [from, to] : plan.copies)
        engine_->copy_block(from, to);
    if (error.empty() && !plan.steps.empty()) {
      std::vector<sequence_reading> readings;
      auto logits = engine_->forward(plan.steps, hidden, [&](const auto& rows) {
        read(plan, rows, readings);
      });
      if (last_)
        out = sample(plan, std::move(logits), proposals);
      out.readings = std::move(readings);
    }
  } catch (const std::exception& e) {
    error = e.what();
    if (error.empty())
      error = "the stage failed without saying why";
    out = {};
  }
  note_writes(plan, !error.empty());
  for (const auto key : plan.closed) {
    samplers_.erase(key);
    readers_.erase(key);
  }
  return out;
}

void stage_work::read(const batch_plan& plan, const device::row_slice& rows,
                      std::vector<sequence_reading>& out) {
  const auto key = plan.sequences.at(rows.step);
  if (out.empty() || out.back().sequence != key)
    out.push_back({key, {}});
  readers_.at(key).take(plan.steps[rows.step].start + rows.first, rows.count,
                        rows.values, out.back().part);
}

void stage_work::bring_blocks(const batch_plan& plan,
                              std::vector<chain_key>& lost,
                              std::string& error) {
  try {
    for (const auto& one : plan.saves)
      if (!unsure_.contains(one.block))
        engine_->save_block(one);
    for (const auto& one : plan.loads) {
      unsure_.erase(one.block);
      if (!engine_->load_block(one))
        lost.push_back(one.key);
    }
  } catch (const std::exception& e) {
    error = e.what();
  }
}

void stage_work::store_blocks(std::span<const block_transfer> stores) {
  try {
    for (const auto& one : stores)
      engine_->store_block(one);
  } catch (const std::exception&) {
    // Who looks for them later computes them again.
  }
}

// A block is worth saving again when a plan writes it from its first token on.
void stage_work::note_writes(const batch_plan& plan, bool failed) {
  if (!failed && unsure_.empty())
    return;
  for (const auto& step : plan.steps)
    for (auto i = step.start / device::block_tokens; i < step.blocks.size();
         ++i)
      if (failed)
        unsure_.insert(step.blocks[i]);
      else if (i * device::block_tokens >= step.start)
        unsure_.erase(step.blocks[i]);
  for (const auto& [from, to] : plan.copies)
    if (failed)
      unsure_.insert(to);
}

namespace {

// What a step drafted: its last tokens, and what they were drawn from if that
// is among `proposals`, which it takes off.
device::draft draft_of(const device::sequence_step& step,
                       const device::sampling_params& params,
                       std::size_t vocabulary,
                       std::span<const float>& proposals) {
  device::draft out;
  out.tokens.assign(step.tokens.end() - (step.outputs - 1), step.tokens.end());
  const auto floats = out.tokens.size() * vocabulary;
  if (floats == 0 || device::replays(params) || proposals.size() < floats)
    return out;
  out.proposals.assign(proposals.begin(),
                       proposals.begin() + static_cast<std::ptrdiff_t>(floats));
  proposals = proposals.subspan(floats);
  return out;
}

} // namespace

stage_work::sampled stage_work::sample(const batch_plan& plan,
                                       std::vector<float> logits,
                                       std::span<const float> proposals) {
  std::size_t rows = 0;
  for (const auto& step : plan.steps)
    rows += step.outputs;
  sampled out;
  if (rows == 0)
    return out;
  out.tokens.reserve(rows);
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
    auto& target = samplers_.at(plan.sequences[i]);
    const auto first =
        std::uint64_t{step.start} + step.tokens.size() - (step.outputs - 1);
    auto said =
        device::verify(target, left.first(step.outputs * vocabulary), first,
                       draft_of(step, target.params(), vocabulary, proposals));
    left = left.subspan(step.outputs * vocabulary);
    out.counts.push_back(static_cast<std::uint32_t>(said.size()));
    std::ranges::move(said, std::back_inserter(out.tokens));
  }
  return out;
}

} // namespace sluice::actors
