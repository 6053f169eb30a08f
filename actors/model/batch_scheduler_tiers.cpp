// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Blocks between the pool and the tiers behind it.
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/sequence.hpp"

#include <algorithm>

namespace sluice::actors {

void batch_scheduler::know_stored(std::span<const chain_key> keys) {
  for (const auto& key : keys)
    tiers_.stored(key);
}

// What the plan overwrites is saved first.
void batch_scheduler::save_evicted(batch_plan& plan) {
  for (const auto& [block, key] : pool_.take_evicted()) {
    if (!tiers_.saves())
      continue;
    plan.saves.push_back({block, key});
    tiers_.saved(key);
  }
}

// The blocks behind the `shared` first ones that a tier has, as far as `who`
// has places for them.
void batch_scheduler::seek_in_tiers(sequence& who, std::size_t shared) {
  const std::size_t useful = who.may_skip() / device::block_tokens;
  const auto last = std::min({useful, who.blocks.size(), who.chain.size()});
  if (shared < last)
    who.fetching = static_cast<std::uint32_t>(
        tiers_.match(std::span{who.chain}.subspan(shared, last - shared)));
}

// Loads what was sought. `who` takes its first step when it is known what came.
void batch_scheduler::fetch(batch_plan& plan, sequence& who) {
  const auto first = who.planned / device::block_tokens;
  for (auto i = first; i < first + who.fetching; ++i) {
    plan.loads.push_back({who.blocks[i], who.chain[i]});
    written_[who.blocks[i]] = plan.number;
  }
  who.in_flight = true;
  who.last_plan = plan.number;
  fetching_.push_back(who.key);
}

// The blocks before the first one that some stage had lost are there, and may
// be found by others from now on.
void batch_scheduler::book_fetch(sequence& who,
                                 std::span<const chain_key> lost) {
  const auto first = who.planned / device::block_tokens;
  for (auto i = first; i < first + who.fetching; ++i) {
    if (std::ranges::count(lost, who.chain[i]) > 0)
      break;
    pool_.name(who.blocks[i], who.chain[i]);
    tiers_.loaded(who.chain[i]);
    who.planned += static_cast<std::uint32_t>(device::block_tokens);
  }
  const auto found = who.planned - first * device::block_tokens;
  if (who.cached < who.planned && who.cached == first * device::block_tokens) {
    who.cached = who.planned;
    counts_.cache_hits += found;
  }
  who.fetching = 0;
  who.in_flight = false;
  rest(who);
}

void batch_scheduler::book_fetches(const flight& record,
                                   const step_result& result) {
  for (const auto& key : result.lost)
    tiers_.lost(key);
  for (const auto key : record.fetching) {
    const auto at = sequences_.find(key);
    if (at == sequences_.end())
      continue; // it ended meanwhile
    auto& who = *at->second;
    if (result.error.empty()) {
      book_fetch(who, result.lost);
    } else { // as if nothing had been sought
      who.fetching = 0;
      who.in_flight = false;
      rest(who);
    }
  }
}

} // namespace sluice::actors
