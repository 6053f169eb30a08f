// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/batch_scheduler.hpp"

#include "actors/model/sequence.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace sluice::actors {

namespace {

std::uint32_t blocks_for(std::size_t tokens) {
  return static_cast<std::uint32_t>((tokens + device::block_tokens - 1)
                                    / device::block_tokens);
}

generated ended(request_id id, finish_reason finish, errc code = errc::none,
                std::string error = {}) {
  return {id, false, {}, finish, code, std::move(error)};
}

} // namespace

batch_scheduler::batch_scheduler(scheduler_limits limits,
                                 std::vector<std::int32_t> end_tokens,
                                 cache_identity identity)
    : limits_{limits}, end_tokens_{std::move(end_tokens)},
      identity_{std::move(identity)}, pool_{limits.kv_blocks},
      written_(limits.kv_blocks, 0) {
  assert(limits.max_running >= 1 && limits.plans_in_flight >= 1);
  assert(limits.token_budget > limits.max_running);
  assert(limits.context >= 2 && limits.kv_blocks >= 1);
}

batch_scheduler::~batch_scheduler() = default;

std::uint32_t batch_scheduler::max_positions() const noexcept {
  const auto held = std::uint64_t{pool_.size()} * device::block_tokens;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(limits_.context, held));
}

std::optional<refusal> batch_scheduler::submit(sequence_request request,
                                               instant now) {
  const auto length = request.tokens.size();
  if (length == 0)
    return refusal{errc::bad_request, "the prompt is empty"};
  if (by_id_.contains(request.id))
    return refusal{errc::bad_request, "request " + std::to_string(request.id)
                                          + " is already running"};
  if (length >= max_positions())
    return refusal{errc::prompt_too_long,
                   "the prompt has " + std::to_string(length)
                       + " tokens; the context holds "
                       + std::to_string(max_positions())
                       + ", of which one is needed for the answer"};
  if (waiting_.size() >= limits_.max_waiting)
    return refusal{errc::overloaded, "the model's queue of "
                                         + std::to_string(limits_.max_waiting)
                                         + " prompts is full"};
  if (request.deadline <= now)
    return refusal{errc::deadline_exceeded,
                   "the deadline passed before the model had the prompt"};
  auto who = std::make_unique<sequence>();
  who->key = ++last_key_;
  who->id = request.id;
  who->deadline = request.deadline;
  who->arrived = now;
  who->sampling = std::move(request.sampling);
  who->session = std::move(request.session);
  who->prefill_only = request.prefill_only;
  who->tokens = std::move(request.tokens);
  who->prompt_tokens = static_cast<std::uint32_t>(length);
  const auto room = max_positions() - who->prompt_tokens;
  const auto wish = request.max_tokens == 0 ? room : request.max_tokens;
  who->limit = who->prompt_tokens + std::min(wish, room);
  if (limits_.prefix_cache) {
    who->root =
        hasher_.root(identity_.model, identity_.adapter, request.cache_salt);
    hasher_.extend(who->root, who->tokens, who->chain);
  }
  waiting_.push_back(who.get());
  by_id_.emplace(who->id, who.get());
  sequences_.emplace(who->key, std::move(who));
  return std::nullopt;
}

void batch_scheduler::end(sequence& who, generated last,
                          std::vector<generated>& out) {
  pool_.release(who.blocks);
  if (who.opened)
    closed_.push_back(who.key);
  last.cached_tokens = who.cached;
  std::erase(running_, &who);
  std::erase(waiting_, &who);
  by_id_.erase(who.id);
  out.push_back(std::move(last));
  sequences_.erase(who.key); // `who` is gone
}

void batch_scheduler::cancel(request_id id, std::vector<generated>& out) {
  if (const auto at = by_id_.find(id); at != by_id_.end())
    end(*at->second, ended(id, finish_reason::cancelled), out);
}

void batch_scheduler::expire(instant now, std::vector<generated>& out) {
  std::vector<sequence*> late;
  for (const auto& [key, who] : sequences_)
    if (who->deadline <= now)
      late.push_back(who.get());
  std::ranges::sort(late, {}, &sequence::key);
  for (auto* who : late)
    end(*who,
        ended(who->id, finish_reason::error, errc::deadline_exceeded,
              "the deadline passed after "
                  + std::to_string(who->tokens.size() - who->prompt_tokens)
                  + " tokens"),
        out);
}

void batch_scheduler::fail_all(errc code, const std::string& text,
                               std::vector<generated>& out) {
  std::vector<sequence*> all;
  for (const auto& [key, who] : sequences_)
    all.push_back(who.get());
  std::ranges::sort(all, {}, &sequence::key);
  for (auto* who : all)
    end(*who, ended(who->id, finish_reason::error, code, text), out);
}

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
  if (plan.steps.empty() && (closed_.empty() || !in_flight_.empty()))
    return std::nullopt;
  plan.closed = std::exchange(closed_, {});
  last_plan_ = plan.number;
  static_cast<void>(pool_.take_evicted());
  flight record{plan.number, plan.sequences, {}};
  for (const auto& step : plan.steps)
    record.outputs.push_back(step.outputs);
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
    if (!who->decodes() || !make_room(*who))
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
  if (!drafting_)
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

bool batch_scheduler::make_room(sequence& who) {
  const auto needed = blocks_for(who.planned + 1);
  if (who.blocks.size() >= needed)
    return true;
  while (!take_blocks(who, 1)) {
    if (pool_.unpin_oldest())
      continue;
    const auto victim =
        std::find_if(running_.rbegin(), running_.rend(),
                     [&](const sequence* x) { return !x->in_flight; });
    // Only younger ones give way; else `who` waits for a plan to return or for
    // an older answer to end.
    if (victim == running_.rend() || (*victim)->key <= who.key)
      return false;
    preempt(**victim);
  }
  return true;
}

void batch_scheduler::preempt(sequence& who) {
  pool_.release(who.blocks);
  who.planned = 0;
  std::erase(running_, &who);
  const auto at =
      std::ranges::lower_bound(waiting_, who.key, {}, &sequence::key);
  waiting_.insert(at, &who);
  ++counts_.preemptions;
}

void batch_scheduler::add_prefills(batch_plan& plan, std::uint32_t& budget) {
  for (auto* who : running_) {
    if (budget == 0)
      return;
    if (who->in_flight || who->decodes())
      continue;
    const auto count = std::min(who->remaining(), budget);
    add_step(plan, *who, count);
    budget -= count;
  }
}

void batch_scheduler::admit(batch_plan& plan, std::uint32_t& budget,
                            instant now) {
  while (budget > 0 && !waiting_.empty()
         && running_.size() < limits_.max_running) {
    auto& who = *waiting_.front();
    if (!claim_blocks(who))
      return;
    waiting_.pop_front();
    running_.insert(
        std::ranges::lower_bound(running_, who.key, {}, &sequence::key), &who);
    if (!who.opened)
      open(plan, who, now);
    const auto count = std::min(who.remaining(), budget);
    add_step(plan, who, count);
    budget -= count;
  }
}

void batch_scheduler::open(batch_plan& plan, sequence& who, instant now) {
  plan.opened.push_back({who.key, who.sampling, who.tokens});
  who.opened = true;
  who.cached = who.planned;
  const std::chrono::duration<double> queued = now - who.arrived;
  counts_.queue_seconds.push_back(queued.count());
  counts_.prompt_tokens += who.prompt_tokens;
  if (limits_.prefix_cache)
    counts_.cache_queries += who.prompt_tokens;
  counts_.cache_hits += who.cached;
}

// The blocks of all tokens so far: those in the cache, and fresh ones. False
// when there are not enough; `who` then holds none.
bool batch_scheduler::claim_blocks(sequence& who) {
  const auto chain = std::span{who.chain}.first((who.tokens.size() - 1)
                                                / device::block_tokens);
  const auto hits = limits_.prefix_cache ? pool_.match(chain) : 0;
  for (std::size_t i = 0; i < hits; ++i)
    pool_.share(who.blocks, *pool_.find(chain[i]));
  const auto needed =
      blocks_for(who.tokens.size()) - static_cast<std::uint32_t>(hits);
  // One more for each running sequence, so that the next steps have room.
  const auto spare = static_cast<std::uint32_t>(running_.size());
  while (pool_.free() < needed + spare && pool_.unpin_oldest()) {
  }
  if ((spare > 0 && pool_.free() < needed + spare)
      || !take_blocks(who, needed)) {
    pool_.release(who.blocks);
    return false;
  }
  who.planned = static_cast<std::uint32_t>(hits * device::block_tokens);
  return true;
}

bool batch_scheduler::take_blocks(sequence& who, std::uint32_t count) {
  const auto before = who.blocks.size();
  if (!pool_.extend(who.blocks, count))
    return false;
  for (auto i = before; i < who.blocks.size(); ++i)
    written_[who.blocks[i]] = 0;
  return true;
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
  who.drafted = static_cast<std::uint32_t>(drafts.size());
  who.planned += count + who.drafted;
  const auto covered = blocks_for(who.planned);
  assert(who.blocks.size() >= covered);
  step.blocks.assign(who.blocks.begin(), who.blocks.begin() + covered);
  for (auto i = step.start / device::block_tokens; i < covered; ++i)
    written_[who.blocks[i]] = plan.number;
  // What drafts fill has no name before they hold.
  if (limits_.prefix_cache && drafts.empty())
    name_blocks(who, step.start);
  who.in_flight = true;
  who.last_plan = plan.number;
  plan.sequences.push_back(who.key);
  plan.steps.push_back(std::move(step));
}

// Blocks that became full since position `from`. The plans that write them run
// before any that reads them.
void batch_scheduler::name_blocks(sequence& who, std::uint32_t from) {
  hasher_.extend(who.root, who.tokens, who.chain);
  const auto full = who.planned / device::block_tokens;
  for (auto i = from / device::block_tokens; i < full; ++i)
    pool_.name(who.blocks[i], who.chain[i]);
}

namespace {

// What is wrong with the shape of a result, or "". Fills in missing counts.
std::string check_result(step_result& result,
                         std::span<const std::uint32_t> outputs) {
  const auto wanted = static_cast<std::size_t>(
      std::ranges::count_if(outputs, [](std::uint32_t n) { return n > 0; }));
  if (result.counts.empty())
    result.counts.assign(wanted, 1);
  const auto given =
      std::reduce(result.counts.begin(), result.counts.end(), std::size_t{0});
  if (result.counts.size() != wanted || given != result.tokens.size())
    return "the last stage gave " + std::to_string(result.tokens.size())
           + " tokens where " + std::to_string(std::max(wanted, given))
           + " were wanted";
  return {};
}

} // namespace

void batch_scheduler::complete(step_result result,
                               std::vector<generated>& out) {
  assert(!in_flight_.empty() && in_flight_.front().number == result.plan);
  const auto record = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (result.error.empty())
    result.error = check_result(result, record.outputs);
  if (!result.error.empty()) {
    fail_plan(record, result.error, out);
    return;
  }
  std::span<device::sampled_token> tokens{result.tokens};
  std::size_t sampled = 0;
  for (std::size_t i = 0; i < record.sequences.size(); ++i) {
    const auto count = record.outputs[i] > 0 ? result.counts[sampled++] : 0;
    const auto mine = tokens.first(count);
    tokens = tokens.subspan(count);
    const auto at = sequences_.find(record.sequences[i]);
    if (at != sequences_.end()) // else it ended meanwhile
      book_step(*at->second, mine, out);
  }
}

void batch_scheduler::book_step(sequence& who,
                                std::span<device::sampled_token> tokens,
                                std::vector<generated>& out) {
  who.in_flight = false;
  if (who.prefill_only && who.remaining() == 0) {
    pin_session(who);
    end(who, ended(who.id, finish_reason::length), out);
    return;
  }
  settle_drafts(who, tokens.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    // The token before was a draft that held: its K and V are stored.
    if (i > 0) {
      ++who.planned;
      if (limits_.prefix_cache)
        name_blocks(who, who.planned - 1);
    }
    if (!book_token(who, std::move(tokens[i]), out))
      return; // `who` is gone
  }
}

// Takes what was drafted back; of it, `tokens` - 1 held.
void batch_scheduler::settle_drafts(sequence& who, std::size_t tokens) {
  if (who.drafted == 0)
    return;
  const auto held = static_cast<std::uint32_t>(tokens) - 1;
  ++counts_.drafts;
  counts_.draft_tokens += who.drafted;
  counts_.accepted_tokens += held;
  who.pace.book(who.drafted, held);
  who.planned -= std::exchange(who.drafted, 0);
  if (limits_.prefix_cache)
    name_blocks(who, who.planned - 1);
}

// False when the answer ended with this token.
bool batch_scheduler::book_token(sequence& who, device::sampled_token token,
                                 std::vector<generated>& out) {
  const auto id = token.id;
  who.tokens.push_back(id);
  generated one;
  one.id = who.id;
  one.has_token = true;
  one.token = std::move(token);
  one.cached_tokens = who.cached;
  const bool ends =
      std::ranges::count(who.sampling.stop_token_ids, id) > 0
      || (!who.sampling.ignore_eos && std::ranges::count(end_tokens_, id) > 0);
  if (ends)
    one.finish = finish_reason::stop;
  else if (who.tokens.size() >= who.limit)
    one.finish = finish_reason::length;
  if (one.finish == finish_reason::none) {
    out.push_back(std::move(one));
    return true;
  }
  pin_session(who);
  end(who, std::move(one), out);
  return false;
}

// The full blocks stay until the session is forgotten or continues.
void batch_scheduler::pin_session(const sequence& who) {
  if (who.session.empty() || !limits_.prefix_cache)
    return;
  pool_.pin(who.session,
            std::span{who.blocks}.first(who.planned / device::block_tokens));
}

void batch_scheduler::forget_session(const std::string& session) {
  pool_.unpin(session);
}

// Ends the plan's sequences and those that share what it should have written,
// and forgets the names of all that they wrote since.
void batch_scheduler::fail_plan(const flight& record, const std::string& error,
                                std::vector<generated>& out) {
  std::vector<sequence*> failed;
  for (const auto& [key, who] : sequences_)
    if (std::ranges::count(record.sequences, key) > 0
        || std::ranges::any_of(who->blocks, [&](std::uint32_t block) {
             return written_[block] == record.number;
           }))
      failed.push_back(who.get());
  std::ranges::sort(failed, {}, &sequence::key);
  for (const auto* who : failed)
    for (const auto block : who->blocks)
      if (written_[block] >= record.number)
        pool_.forget(block);
  for (std::uint32_t block = 0; block < written_.size(); ++block)
    if (written_[block] == record.number)
      pool_.forget(block);
  for (auto* who : failed)
    end(*who, ended(who->id, finish_reason::error, errc::model_failed, error),
        out);
}

std::optional<instant> batch_scheduler::next_deadline() const {
  std::optional<instant> first;
  for (const auto& [key, who] : sequences_)
    if (!first || who->deadline < *first)
      first = who->deadline;
  return first;
}

scheduler_counts batch_scheduler::take_counts() {
  return std::exchange(counts_, {});
}

std::optional<std::string> batch_scheduler::check() const {
  std::vector<std::span<const std::uint32_t>> tables;
  for (const auto& [key, who] : sequences_)
    tables.emplace_back(who->blocks);
  if (auto wrong = pool_.check(tables))
    return wrong;
  if (sequences_.size() != running_.size() + waiting_.size()
      || sequences_.size() != by_id_.size())
    return "a sequence is neither running nor waiting";
  for (const auto* who : waiting_)
    if (!who->blocks.empty() || who->in_flight)
      return "request " + std::to_string(who->id) + " waits but holds blocks";
  if (!std::ranges::is_sorted(waiting_, {}, &sequence::key)
      || !std::ranges::is_sorted(running_, {}, &sequence::key))
    return "a sequence overtook another";
  return std::nullopt;
}

} // namespace sluice::actors
