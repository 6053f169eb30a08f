// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/draft_work.hpp"

#include "device/model/speculative.hpp"

#include <algorithm>
#include <cassert>
#include <span>

namespace sluice::actors {

namespace {

std::uint32_t drafted(const device::sequence_step& step) {
  return step.outputs > 1 ? step.outputs - 1 : 0;
}

// A step of one sequence in the small model.
device::sequence_step small_step(const device::sequence_step& large,
                                 std::vector<std::int32_t> tokens,
                                 std::uint32_t start, std::uint32_t outputs) {
  const auto end = start + tokens.size();
  const auto blocks = (end + device::block_tokens - 1) / device::block_tokens;
  assert(blocks <= large.blocks.size());
  return {std::move(tokens),
          start,
          {large.blocks.begin(),
           large.blocks.begin() + static_cast<std::ptrdiff_t>(blocks)},
          outputs};
}

} // namespace

std::vector<float> draft_work::run(batch_plan& plan) {
  for (const auto& start : plan.opened)
    followers_.try_emplace(start.sequence,
                           follower{start.params, start.prompt, 0, {}});
  for (const auto& one : plan.loads)
    unknown_.insert(one.block);
  for (const auto& [from, to] : plan.copies)
    copy(from, to);
  follow(plan);
  std::vector<float> proposals;
  if (plan.drafts)
    proposals = propose(plan);
  for (const auto key : plan.closed)
    followers_.erase(key);
  return proposals;
}

void draft_work::copy(std::uint32_t from, std::uint32_t to) {
  engine_->copy_block(from, to);
  if (unknown_.contains(from))
    unknown_.insert(to);
  else
    unknown_.erase(to);
}

// Notes the tokens that the plan's sequences go on with.
void draft_work::follow(const batch_plan& plan) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    auto& who = followers_.at(plan.sequences[i]);
    if (who.tokens.size() < step.start + step.tokens.size())
      who.tokens.resize(step.start + step.tokens.size());
    std::ranges::copy(step.tokens, who.tokens.begin() + step.start);
    if (step.start <= who.stored) {
      // Rejected drafts, or a sequence that begins anew.
      who.stored = step.start;
      who.pending.clear();
    } else if (step.start <= who.stored + who.pending.size()) {
      who.pending.resize(step.start - who.stored);
    } else {
      // Found in the cache: whoever computed that was followed as well.
      who.stored = step.start;
      who.pending.clear();
    }
    who.pending.insert(who.pending.end(), step.tokens.begin(),
                       step.tokens.end() - drafted(step));
    go_back(who, step);
  }
}

// To the first block that came back from a tier, which kept the large model's
// keys and values alone.
void draft_work::go_back(follower& who, const device::sequence_step& step) {
  if (unknown_.empty())
    return;
  const auto stored = std::span{step.blocks}.first(
      (who.stored + device::block_tokens - 1) / device::block_tokens);
  const auto at = std::ranges::find_if(
      stored, [&](std::uint32_t block) { return unknown_.contains(block); });
  if (at == stored.end())
    return;
  const auto start =
      static_cast<std::uint32_t>((at - stored.begin()) * device::block_tokens);
  who.pending.insert(who.pending.begin(), who.tokens.begin() + start,
                     who.tokens.begin() + who.stored);
  who.stored = start;
}

// The small model's first pass: all that its sequences have not run.
std::vector<device::sequence_step>
draft_work::catch_up(const batch_plan& plan) {
  std::vector<device::sequence_step> out;
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    auto& who = followers_.at(plan.sequences[i]);
    const auto count = static_cast<std::uint32_t>(who.pending.size());
    out.push_back(small_step(plan.steps[i], std::exchange(who.pending, {}),
                             who.stored, drafted(plan.steps[i]) > 0 ? 1 : 0));
    for (auto at = who.stored / device::block_tokens;
         at < out.back().blocks.size(); ++at)
      unknown_.erase(out.back().blocks[at]);
    who.stored += count;
  }
  return out;
}

std::vector<float> draft_work::propose(batch_plan& plan) {
  auto steps = catch_up(plan);
  std::vector<std::vector<float>> drawn_from(plan.steps.size());
  std::vector<float> unused;
  for (std::uint32_t round = 0; !steps.empty(); ++round) {
    auto logits = engine_->forward(steps, unused, {});
    steps.clear();
    const auto wanted = static_cast<std::size_t>(std::ranges::count_if(
        plan.steps, [&](const auto& step) { return drafted(step) > round; }));
    const auto vocabulary = wanted == 0 ? 0 : logits.size() / wanted;
    std::span<float> left{logits};
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
      auto& step = plan.steps[i];
      if (drafted(step) <= round)
        continue;
      auto& who = followers_.at(plan.sequences[i]);
      const auto row = left.first(vocabulary);
      left = left.subspan(vocabulary);
      const auto at = step.tokens.size() - drafted(step) + round;
      step.tokens[at] = device::propose(who.params, row, step.start + at);
      who.tokens[step.start + at] = step.tokens[at];
      if (!device::replays(who.params))
        drawn_from[i].insert(drawn_from[i].end(), row.begin(), row.end());
      if (round + 1 < drafted(step))
        steps.push_back(small_step(step, {step.tokens[at]}, who.stored++, 1));
      else
        who.pending.push_back(step.tokens[at]);
    }
  }
  std::vector<float> out;
  for (const auto& part : drawn_from)
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

} // namespace sluice::actors
