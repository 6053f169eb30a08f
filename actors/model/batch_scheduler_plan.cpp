// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How a plan is made: who runs what, on which blocks.
#include "actors/model/batch_scheduler.hpp"
#include "actors/model/sequence.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace sluice::actors {

namespace {

std::uint32_t blocks_for(std::size_t tokens) {
  return static_cast<std::uint32_t>((tokens + device::block_tokens - 1)
                                    / device::block_tokens);
}

} // namespace

std::optional<batch_plan> batch_scheduler::plan(instant now) {
  if (in_flight_.size() >= limits_.plans_in_flight)
    return std::nullopt;
  batch_plan plan;
  plan.number = last_plan_ + 1;
  auto budget = limits_.token_budget;
  add_decodes(plan, budget);
  add_prefills(plan, budget);
  admit(plan, budget, now);
  // Closings wait for the next steps, unless there will be none.
  if (plan.steps.empty() && plan.loads.empty()
      && (closed_.empty() || !in_flight_.empty()))
    return std::nullopt;
  plan.closed = std::exchange(closed_, {});
  last_plan_ = plan.number;
  save_evicted(plan);
  flight record{
      plan.number, plan.sequences, {}, {}, std::exchange(fetching_, {})};
  for (const auto& step : plan.steps) {
    record.outputs.push_back(step.outputs);
    record.reads.push_back(step.read);
  }
  in_flight_.push_back(std::move(record));
  return plan;
}

void batch_scheduler::add_decodes(batch_plan& plan, std::uint32_t& budget) {
  std::vector<sequence*> ready;
  std::size_t decoding = 0;
  for (auto* who : running_) {
    decoding += who->in_flight || who->decodes();
    if (who->decodes())
      ready.push_back(who);
  }
  // Each plan in flight takes its share, so that no stage waits for another.
  auto share =
      (decoding + limits_.plans_in_flight - 1) / limits_.plans_in_flight;
  drafting_ = limits_.draft.tokens > 0 && decoding <= limits_.draft.max_batch;
  plan.drafts = drafting_ && !limits_.draft.lookup;
  // Who waited longest comes first: nobody starves whatever the shares are.
  std::ranges::stable_sort(ready, {}, &sequence::last_plan);
  for (auto* who : ready) {
    if (share == 0 || budget == 0)
      return;
    // An earlier turn of this loop may have preempted `who`.
    if (!who->decodes() || !make_room(*who, who->planned + 1))
      continue;
    const auto drafts = draft(*who, budget - static_cast<std::uint32_t>(share));
    add_step(plan, *who, 1, drafts);
    budget -= 1 + static_cast<std::uint32_t>(drafts.size());
    --share;
  }
}

// Tokens to run ahead of `who`, at most `budget`, whose blocks it then has. For
// a draft stage any tokens do: it replaces them.
std::vector<std::int32_t> batch_scheduler::draft(sequence& who,
                                                 std::uint32_t budget) {
  if (!drafting_ || who.prefill_only)
    return {};
  const auto length = static_cast<std::uint32_t>(who.tokens.size());
  // The step gives one token more than it drafts.
  auto most = std::min({limits_.draft.tokens, budget, who.limit - length - 1});
  const auto held = [&] {
    return static_cast<std::uint32_t>(who.blocks.size() * device::block_tokens)
           - length;
  };
  // One block for each running sequence stays for plain steps.
  if (held() < most && pool_.free() > running_.size())
    take_blocks(who, 1);
  most = std::min(most, held());
  const auto count = who.pace.next(most);
  if (limits_.draft.lookup)
    return lookup_.propose(who.tokens, count);
  return std::vector(count, who.tokens.back());
}

// Blocks for the first `length` tokens of `who`, if need be those of others.
bool batch_scheduler::make_room(sequence& who, std::uint32_t length) {
  let_go_behind(who);
  const auto needed = blocks_for(length);
  while (who.blocks.size() < needed) {
    if (take_blocks(who, 1) || pool_.unpin_oldest())
      continue;
    const auto victim =
        std::find_if(running_.rbegin(), running_.rend(),
                     [&](const sequence* x) { return !x->in_flight; });
    // Only later ones give way; else `who` waits for a plan to return or for
    // an earlier answer to end.
    if (victim == running_.rend() || (*victim)->rank() <= who.rank())
      return false;
    preempt(**victim);
  }
  return true;
}

void batch_scheduler::preempt(sequence& who) {
  put_back(who);
  ++counts_.preemptions;
}

// From running to waiting, without its blocks.
void batch_scheduler::put_back(sequence& who) {
  pool_.release(who.blocks);
  who.planned = 0;
  who.behind = 0;
  who.built_on.clear();
  std::erase(running_, &who);
  const auto at =
      std::ranges::lower_bound(waiting_, who.key, {}, &sequence::key);
  waiting_.insert(at, &who);
}

// What is held leaves the batch as soon as no plan has it.
void batch_scheduler::rest(sequence& who) {
  if (who.held && !who.in_flight && std::ranges::count(running_, &who) > 0)
    put_back(who);
}

void batch_scheduler::add_prefills(batch_plan& plan, std::uint32_t& budget) {
  // Only later ones are preempted meanwhile, so that the index stays right.
  for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
    auto& who = *running_[i];
    if (who.in_flight || who.decodes())
      continue;
    const auto count = std::min(who.remaining(), budget);
    if (!make_room(who, who.planned + count))
      continue;
    add_step(plan, who, count);
    budget -= count;
  }
}

void batch_scheduler::admit(batch_plan& plan, std::uint32_t& budget,
                            instant now) {
  while (budget > 0 && running_.size() < limits_.max_running) {
    auto* who = next_waiting(plan);
    if (who == nullptr || !claim_blocks(plan, *who))
      return;
    std::erase(waiting_, who);
    running_.insert(
        std::ranges::lower_bound(running_, who->rank(), {}, &sequence::rank),
        who);
    if (!who->opened)
      open(plan, *who, now);
    if (who->fetching > 0) {
      fetch(plan, *who);
      continue;
    }
    const auto count = std::min(who->remaining(), budget);
    // With an attention window not all blocks were claimed.
    if (!make_room(*who, who->planned + count))
      return;
    add_step(plan, *who, count);
    budget -= count;
  }
}

// By priority; who was preempted before who never ran; then the tenant that was
// served least; then by arrival.
sequence* batch_scheduler::next_waiting(const batch_plan& plan) const {
  const auto order = [&](const sequence* who) {
    return std::tuple{who->priority, !who->opened, shares_.served(who->tenant),
                      who->key};
  };
  sequence* next = nullptr;
  for (auto* who : waiting_)
    if (!who->held && (next == nullptr || order(who) < order(next))
        && !waits_for_sibling(plan, *who))
      next = who;
  return next;
}

void batch_scheduler::open(batch_plan& plan, sequence& who, instant now) {
  plan.opened.push_back({who.key, who.sampling, who.tokens, who.reading});
  who.opened = true;
  who.cached = who.planned;
  const std::chrono::duration<double> queued = now - who.arrived;
  counts_.queue_seconds.push_back(queued.count());
  counts_.started.push_back(who.id);
  counts_.prompt_tokens += who.prompt_tokens;
  if (limits_.prefix_cache && !who.must_read())
    counts_.cache_queries += who.prompt_tokens;
  counts_.cache_hits += who.cached;
}

// Another choice of the same prompt that runs, and still holds all that the
// last prompt token sees.
const sequence* batch_scheduler::sibling_of(const sequence& who) const {
  if (who.group == 0 || who.opened || who.must_read())
    return nullptr;
  const auto prompt = std::span{who.tokens};
  const auto seen = limits_.window.first_seen(who.prompt_tokens - 1);
  const auto is_sibling = [&](const sequence* x) {
    return x->group == who.group && x->behind <= seen
           && x->tokens.size() >= prompt.size()
           && std::ranges::equal(prompt,
                                 std::span{x->tokens}.first(prompt.size()));
  };
  const auto at = std::ranges::find_if(running_, is_sibling);
  return at == running_.end() ? nullptr : *at;
}

// Its sibling computes the prompt that `who` will share.
bool batch_scheduler::waits_for_sibling(const batch_plan& plan,
                                        const sequence& who) const {
  const auto* sibling = sibling_of(who);
  return sibling != nullptr
         && (sibling->planned + 1 < who.tokens.size()
             || (sibling->last_plan == plan.number
                 && sibling->planned <= who.tokens.size()));
}

// The blocks of all tokens so far: shared ones, and fresh ones. False when
// there are not enough; `who` then holds none.
bool batch_scheduler::claim_blocks(batch_plan& plan, sequence& who) {
  const auto* sibling = sibling_of(who);
  if (sibling != nullptr)
    share_all(who, *sibling);
  else if (limits_.prefix_cache)
    share_cached(who);
  who.planned =
      static_cast<std::uint32_t>(who.blocks.size() * device::block_tokens);
  let_go_behind(who);
  const auto shared = static_cast<std::uint32_t>(who.blocks.size());
  const auto missing = blocks_for(who.tokens.size()) - shared;
  const auto needed =
      std::min(missing, limits_.window.most_blocks(who.tokens.size(),
                                                   limits_.token_budget));
  // One more for each running sequence, so that the next steps have room.
  const auto spare = static_cast<std::uint32_t>(running_.size());
  while (pool_.free() < needed + spare && pool_.unpin_oldest()) {
  }
  if ((spare > 0 && pool_.free() < needed + spare)
      || !take_blocks(who, needed)) {
    pool_.release(who.blocks);
    who.planned = 0;
    who.behind = 0;
    who.built_on.clear();
    return false;
  }
  if (sibling == nullptr)
    seek_in_tiers(who, shared);
  const auto rest = who.tokens.size() - 1 - who.planned;
  if (sibling != nullptr && rest > 0) {
    plan.copies.push_back({sibling->blocks[shared], who.blocks[shared]});
    note_source(who, sibling->blocks[shared]);
    written_[who.blocks[shared]] = plan.number;
    who.planned += static_cast<std::uint32_t>(rest);
  }
  return true;
}

void batch_scheduler::share_cached(sequence& who) {
  const auto chain =
      std::span{who.chain}.first(who.may_skip() / device::block_tokens);
  for (const auto& key : chain.first(pool_.match(chain)))
    share(who, *pool_.find(key));
}

void batch_scheduler::share_all(sequence& who, const sequence& sibling) {
  const auto full = (who.tokens.size() - 1) / device::block_tokens;
  for (const auto block : std::span{sibling.blocks}.first(full))
    if (block == device::no_block)
      who.blocks.push_back(block);
    else
      share(who, block);
}

void batch_scheduler::share(sequence& who, std::uint32_t block) {
  pool_.share(who.blocks, block);
  note_source(who, block);
}

// If the plan that writes `block` fails, so must `who`.
void batch_scheduler::note_source(sequence& who, std::uint32_t block) {
  const auto plan = written_[block];
  if (!in_flight_.empty() && plan >= in_flight_.front().number
      && std::ranges::count(who.built_on, plan) == 0)
    who.built_on.push_back(plan);
}

bool batch_scheduler::take_blocks(sequence& who, std::uint32_t count) {
  const auto before = who.blocks.size();
  if (!pool_.extend(who.blocks, count))
    return false;
  for (auto i = before; i < who.blocks.size(); ++i)
    written_[who.blocks[i]] = 0;
  return true;
}

// Blocks that the next step does not see any more. The plans in flight that do
// see them run before whatever is written there next.
void batch_scheduler::let_go_behind(sequence& who) {
  const auto& window = limits_.window;
  const auto seen = std::min(window.first_seen(who.planned),
                             static_cast<std::uint32_t>(who.blocks.size()));
  for (auto i = std::max(who.behind, window.sink_blocks()); i < seen; ++i) {
    if (who.blocks[i] == device::no_block)
      continue;
    pool_.release(who.blocks[i]);
    who.blocks[i] = device::no_block;
  }
  who.behind = std::max(who.behind, seen);
}

void batch_scheduler::add_step(batch_plan& plan, sequence& who,
                               std::uint32_t count,
                               std::span<const std::int32_t> drafts) {
  assert(!who.in_flight && count >= 1 && count <= who.remaining());
  device::sequence_step step;
  const auto first = who.tokens.begin() + who.planned;
  step.tokens.assign(first, first + count);
  step.tokens.insert(step.tokens.end(), drafts.begin(), drafts.end());
  step.start = who.planned;
  step.outputs = count == who.remaining() && !who.prefill_only
                     ? 1 + static_cast<std::uint32_t>(drafts.size())
                     : 0;
  step.read = rows_to_read(who, count);
  who.drafted = static_cast<std::uint32_t>(drafts.size());
  who.planned += count + who.drafted;
  const auto covered = blocks_for(who.planned);
  assert(who.blocks.size() >= covered);
  step.blocks.assign(who.blocks.begin(), who.blocks.begin() + covered);
  for (auto i = step.start / device::block_tokens; i < covered; ++i)
    written_[who.blocks[i]] = plan.number;
  // What drafts fill has no name before they hold.
  if (limits_.prefix_cache && drafts.empty())
    name_blocks(who, step.start, &plan);
  shares_.charge(who.tenant, step.tokens.size() + step.outputs);
  who.in_flight = true;
  who.last_plan = plan.number;
  plan.sequences.push_back(who.key);
  plan.steps.push_back(std::move(step));
}

// Blocks that became full since position `from`. The plans that write them run
// before any that reads them. Without a `plan` nothing goes to disk: the one
// that wrote them is over.
void batch_scheduler::name_blocks(sequence& who, std::uint32_t from,
                                  batch_plan* plan) {
  hasher_.extend(who.root, who.tokens, who.chain);
  const auto full = who.planned / device::block_tokens;
  for (auto i = from / device::block_tokens; i < full; ++i) {
    pool_.name(who.blocks[i], who.chain[i]);
    if (plan == nullptr || !tiers_.stores(who.chain[i]))
      continue;
    plan->stores.push_back({who.blocks[i], who.chain[i]});
    tiers_.stored(who.chain[i]);
  }
}

} // namespace sluice::actors
