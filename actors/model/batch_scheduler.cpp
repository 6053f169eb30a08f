// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/batch_scheduler.hpp"

#include <algorithm>
#include <cassert>

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

struct batch_scheduler::sequence {
  sequence_key key = 0;
  request_id id = 0;
  instant deadline;
  instant arrived;
  device::sampling_params sampling;
  std::vector<std::int32_t> tokens; // prompt and answer so far
  std::uint32_t prompt_tokens = 0;
  std::uint32_t limit = 0;   // tokens.size() at which the answer is full
  std::uint32_t planned = 0; // tokens whose K and V are stored or in flight
  std::uint64_t last_plan = 0;
  bool in_flight = false;
  bool opened = false; // the last stage has its sampler
  std::vector<std::uint32_t> blocks;

  std::uint32_t remaining() const {
    return static_cast<std::uint32_t>(tokens.size()) - planned;
  }
  bool decodes() const { return !in_flight && remaining() == 1 && planned > 0; }
};

batch_scheduler::batch_scheduler(scheduler_limits limits,
                                 std::vector<std::int32_t> end_tokens)
    : limits_{limits},
      end_tokens_{std::move(end_tokens)}, pool_{limits.kv_blocks} {
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
  who->tokens = std::move(request.tokens);
  who->prompt_tokens = static_cast<std::uint32_t>(length);
  const auto room = max_positions() - who->prompt_tokens;
  const auto wish = request.max_tokens == 0 ? room : request.max_tokens;
  who->limit = who->prompt_tokens + std::min(wish, room);
  waiting_.push_back(who.get());
  by_id_.emplace(who->id, who.get());
  sequences_.emplace(who->key, std::move(who));
  return std::nullopt;
}

void batch_scheduler::end(sequence& who, generated last,
                          std::vector<generated>& out) {
  pool_.release(who.key, who.blocks);
  if (who.opened)
    closed_.push_back(who.key);
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
  flight record{plan.number, plan.sequences, {}};
  for (const auto& step : plan.steps)
    record.samples.push_back(step.outputs > 0);
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
  // Who waited longest comes first: nobody starves whatever the shares are.
  std::ranges::stable_sort(ready, {}, &sequence::last_plan);
  for (auto* who : ready) {
    if (share == 0 || budget == 0)
      return;
    // An earlier turn of this loop may have preempted `who`.
    if (!who->decodes() || !make_room(*who))
      continue;
    add_step(plan, *who, 1);
    --budget;
    --share;
  }
}

bool batch_scheduler::make_room(sequence& who) {
  const auto needed = blocks_for(who.planned + 1);
  if (who.blocks.size() >= needed)
    return true;
  while (!pool_.extend(who.key, who.blocks, 1)) {
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
  pool_.release(who.key, who.blocks);
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
    const auto needed = blocks_for(who.tokens.size());
    if (!running_.empty() && pool_.free() < needed + running_.size())
      return;
    if (!pool_.extend(who.key, who.blocks, needed))
      return;
    waiting_.pop_front();
    running_.insert(
        std::ranges::lower_bound(running_, who.key, {}, &sequence::key), &who);
    if (!who.opened) {
      plan.opened.push_back({who.key, who.sampling, who.tokens});
      who.opened = true;
      const std::chrono::duration<double> queued = now - who.arrived;
      counts_.queue_seconds.push_back(queued.count());
      counts_.prompt_tokens += who.prompt_tokens;
    }
    const auto count = std::min(who.remaining(), budget);
    add_step(plan, who, count);
    budget -= count;
  }
}

void batch_scheduler::add_step(batch_plan& plan, sequence& who,
                               std::uint32_t count) {
  assert(!who.in_flight && count >= 1 && count <= who.remaining());
  device::sequence_step step;
  const auto first = who.tokens.begin() + who.planned;
  step.tokens.assign(first, first + count);
  step.start = who.planned;
  who.planned += count;
  const auto covered = blocks_for(who.planned);
  assert(who.blocks.size() >= covered);
  step.blocks.assign(who.blocks.begin(), who.blocks.begin() + covered);
  step.outputs = who.remaining() == 0 ? 1 : 0;
  who.in_flight = true;
  who.last_plan = plan.number;
  plan.sequences.push_back(who.key);
  plan.steps.push_back(std::move(step));
}

void batch_scheduler::complete(step_result result,
                               std::vector<generated>& out) {
  assert(!in_flight_.empty() && in_flight_.front().number == result.plan);
  const auto record = std::move(in_flight_.front());
  in_flight_.pop_front();
  const auto wanted = std::ranges::count(record.samples, true);
  if (result.error.empty() && std::ssize(result.tokens) != wanted)
    result.error = "the last stage gave " + std::to_string(result.tokens.size())
                   + " tokens where " + std::to_string(wanted) + " were wanted";
  std::size_t sample = 0;
  for (std::size_t i = 0; i < record.sequences.size(); ++i) {
    const auto mine = sample;
    sample += record.samples[i];
    const auto at = sequences_.find(record.sequences[i]);
    if (at == sequences_.end())
      continue; // ended meanwhile
    auto& who = *at->second;
    who.in_flight = false;
    if (!result.error.empty())
      end(who,
          ended(who.id, finish_reason::error, errc::model_failed, result.error),
          out);
    else if (record.samples[i])
      book_token(who, std::move(result.tokens[mine]), out);
  }
}

void batch_scheduler::book_token(sequence& who, device::sampled_token token,
                                 std::vector<generated>& out) {
  const auto id = token.id;
  who.tokens.push_back(id);
  generated one;
  one.id = who.id;
  one.has_token = true;
  one.token = std::move(token);
  const bool ends =
      std::ranges::count(who.sampling.stop_token_ids, id) > 0
      || (!who.sampling.ignore_eos && std::ranges::count(end_tokens_, id) > 0);
  if (ends)
    one.finish = finish_reason::stop;
  else if (who.tokens.size() >= who.limit)
    one.finish = finish_reason::length;
  if (one.finish == finish_reason::none)
    out.push_back(std::move(one));
  else
    end(who, std::move(one), out);
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
  std::vector<block_pool::holding> holdings;
  for (const auto& [key, who] : sequences_)
    holdings.push_back({key, who->blocks});
  if (auto wrong = pool_.check(holdings))
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
