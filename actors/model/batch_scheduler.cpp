// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/batch_scheduler.hpp"

#include "actors/model/sequence.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

namespace sluice::actors {

namespace {

generated ended(request_id id, finish_reason finish, errc code = errc::none,
                std::string error = {}) {
  generated out;
  out.id = id;
  out.finish = finish;
  out.code = code;
  out.error = std::move(error);
  return out;
}

} // namespace

batch_scheduler::batch_scheduler(scheduler_limits limits,
                                 std::vector<std::int32_t> end_tokens,
                                 cache_identity identity)
    : limits_{limits}, end_tokens_{std::move(end_tokens)},
      identity_{std::move(identity)}, pool_{limits.kv_blocks},
      tiers_{limits.prefix_cache ? limits.host_blocks : 0,
             limits.prefix_cache ? limits.disk_blocks : 0},
      written_(limits.kv_blocks, 0) {
  assert(limits.max_running >= 1 && limits.plans_in_flight >= 1);
  assert(limits.token_budget > limits.max_running);
  assert(limits.context >= 2 && limits.kv_blocks >= 1);
}

batch_scheduler::~batch_scheduler() = default;

std::uint32_t batch_scheduler::max_positions() const noexcept {
  const auto& limits = limits_;
  if (pool_.size()
      >= limits.window.most_blocks(limits.context, limits.token_budget))
    return limits.context;
  const auto held = std::uint64_t{pool_.size()} * device::block_tokens;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(limits.context, held));
}

std::optional<refusal> batch_scheduler::submit(sequence_request request,
                                               instant now) {
  if (auto wrong = refuse_wrong(request, now))
    return wrong;
  auto who = make_sequence(request, now);
  const auto ahead = look_ahead(*who);
  if (auto late = refuse_late(*who, ahead, now))
    return late;
  if (std::cmp_greater_equal(
          std::ranges::count(waiting_, false, &sequence::held),
          limits_.max_waiting))
    return refusal{errc::overloaded,
                   "the model's queue of " + std::to_string(limits_.max_waiting)
                       + " prompts is full",
                   forecast_.retry_seconds(ahead)};
  who->key = ++last_key_;
  shares_.join(who->tenant);
  waiting_.push_back(who.get());
  by_id_.emplace(who->id, who.get());
  sequences_.emplace(who->key, std::move(who));
  return std::nullopt;
}

std::optional<refusal>
batch_scheduler::refuse_wrong(const sequence_request& request,
                              instant now) const {
  const auto length = request.tokens.size();
  if (length == 0)
    return refusal{errc::bad_request, "the prompt is empty"};
  if (by_id_.contains(request.id))
    return refusal{errc::bad_request, "request " + std::to_string(request.id)
                                          + " is already running"};
  // A prompt that is only read needs no room for an answer.
  const bool read_only = request.prefill_only
                         && request.reading.kind != device::reading_kind::none;
  if (length + (read_only ? 0 : 1) > max_positions())
    return refusal{
        errc::prompt_too_long,
        "the prompt has " + std::to_string(length)
            + " tokens; the context holds " + std::to_string(max_positions())
            + (read_only ? "" : ", of which one is needed for the answer")};
  if (request.deadline <= now)
    return refusal{errc::deadline_exceeded,
                   "the deadline passed before the model had the prompt"};
  return std::nullopt;
}

std::unique_ptr<sequence>
batch_scheduler::make_sequence(sequence_request& request, instant now) {
  auto who = std::make_unique<sequence>();
  who->id = request.id;
  who->deadline = request.deadline;
  who->arrived = now;
  who->tenant = std::move(request.tenant);
  who->priority = request.priority;
  who->group = request.group;
  who->sampling = std::move(request.sampling);
  who->session = std::move(request.session);
  who->prefill_only = request.prefill_only;
  who->tokens = std::move(request.tokens);
  who->prompt_tokens = static_cast<std::uint32_t>(who->tokens.size());
  who->reading = request.reading;
  if (who->reading.kind == device::reading_kind::last)
    who->read = who->prompt_tokens - 1;
  const auto room = max_positions() - who->prompt_tokens;
  const auto wish = request.max_tokens == 0 ? room : request.max_tokens;
  who->limit = who->prompt_tokens + std::min(wish, room);
  if (limits_.prefix_cache) {
    who->root =
        hasher_.root(identity_.model, identity_.adapter, request.cache_salt);
    hasher_.extend(who->root, who->tokens, who->chain);
  }
  return who;
}

queue_ahead batch_scheduler::look_ahead(const sequence& who) const {
  queue_ahead ahead;
  std::uint64_t places = running_.size() + 1;
  for (const auto* other : running_)
    if (!other->decodes() && !other->in_flight)
      ahead.prompt_tokens += other->remaining();
  for (const auto* other : waiting_)
    if (other->priority <= who.priority && !other->held) {
      ahead.prompt_tokens += other->tokens.size();
      ++places;
    }
  const auto needed =
      limits_.window.most_blocks(who.tokens.size(), limits_.token_budget);
  if (places > limits_.max_running)
    ahead.places = places - limits_.max_running;
  else if (!running_.empty() && pool_.free() < needed)
    ahead.places = 1;
  return ahead;
}

// A full queue is the server's fault and worth another try; a deadline that an
// idle server would miss, too, is not.
std::optional<refusal> batch_scheduler::refuse_late(const sequence& who,
                                                    const queue_ahead& ahead,
                                                    instant now) const {
  if (!forecast_.ready())
    return std::nullopt;
  const auto useful = std::min<std::size_t>(
      who.chain.size(), (who.may_skip() + 1) / device::block_tokens);
  const auto found =
      pool_.match(std::span{who.chain}.first(useful)) * device::block_tokens;
  const auto run = forecast_.run_seconds(
      who.prompt_tokens - std::min<std::size_t>(found, who.prompt_tokens),
      who.prefill_only ? 0 : who.limit - who.prompt_tokens,
      who.sampling.ignore_eos);
  const auto wait = forecast_.wait_seconds(ahead);
  const auto left = std::chrono::duration<double>(who.deadline - now).count();
  if (wait + run <= left)
    return std::nullopt;
  const auto shown = [](double seconds) {
    return std::to_string(std::lround(seconds * 1000)) + " ms";
  };
  auto text = "the answer is expected in " + shown(wait + run)
              + ", the deadline is in " + shown(left);
  if (run > left)
    return refusal{errc::deadline_exceeded, std::move(text)};
  return refusal{errc::overloaded, std::move(text),
                 forecast_.retry_seconds(ahead)};
}

void batch_scheduler::end(sequence& who, generated last,
                          std::vector<generated>& out) {
  pool_.release(who.blocks);
  if (who.opened)
    closed_.push_back(who.key);
  last.cached_tokens = who.cached;
  shares_.leave(who.tenant);
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

void batch_scheduler::hold(request_id id, bool on) {
  const auto at = by_id_.find(id);
  if (at == by_id_.end())
    return;
  at->second->held = on;
  rest(*at->second);
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
  if (result.error.empty())
    result.error = check_readings(result, record);
  if (!result.error.empty()) {
    fail_plan(record, result.error, out);
    book_fetches(record, result);
    return;
  }
  std::span<device::sampled_token> tokens{result.tokens};
  std::size_t sampled = 0;
  auto reading = result.readings.begin();
  for (std::size_t i = 0; i < record.sequences.size(); ++i) {
    const auto count = record.outputs[i] > 0 ? result.counts[sampled++] : 0;
    const auto mine = tokens.first(count);
    tokens = tokens.subspan(count);
    device::prompt_part part;
    if (record.reads[i].count > 0)
      part = std::move((reading++)->part);
    const auto at = sequences_.find(record.sequences[i]);
    if (at == sequences_.end())
      continue; // it ended meanwhile
    book_reading(*at->second, std::move(part), out);
    book_step(*at->second, mine, out);
  }
  book_fetches(record, result);
}

void batch_scheduler::book_step(sequence& who,
                                std::span<device::sampled_token> tokens,
                                std::vector<generated>& out) {
  who.in_flight = false;
  who.built_on.clear(); // those plans were before this one
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
  rest(who);
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
  if (token.grammar == device::grammar_end::stuck) {
    end(who,
        ended(who.id, finish_reason::error, errc::bad_request,
              "the grammar allows no token that the request does not ban"),
        out);
    return false;
  }
  who.tokens.push_back(id);
  generated one;
  one.id = who.id;
  one.has_token = true;
  one.token = std::move(token);
  one.cached_tokens = who.cached;
  const bool ends =
      one.token.grammar == device::grammar_end::complete
      || std::ranges::count(who.sampling.stop_token_ids, id) > 0
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
  forecast_.ended(who.prompt_tokens - who.cached,
                  static_cast<std::uint32_t>(who.tokens.size())
                      - who.prompt_tokens);
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

// Ends the plan's sequences and those that built on what it should have
// written. Names of what later plans write are forgotten with its own: some may
// rest on it, whose owners are gone already.
void batch_scheduler::fail_plan(const flight& record, const std::string& error,
                                std::vector<generated>& out) {
  for (std::uint32_t block = 0; block < written_.size(); ++block)
    if (written_[block] >= record.number)
      pool_.forget(block);
  std::vector<sequence*> failed;
  for (const auto& [key, who] : sequences_)
    if (std::ranges::count(record.sequences, key) > 0
        || std::ranges::count(who->built_on, record.number) > 0)
      failed.push_back(who.get());
  std::ranges::sort(failed, {}, &sequence::key);
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
  for (const auto* who : running_)
    if (who->held && !who->in_flight)
      return "request " + std::to_string(who->id) + " is held but runs";
  if (!std::ranges::is_sorted(waiting_, {}, &sequence::key)
      || !std::ranges::is_sorted(running_, {}, &sequence::rank))
    return "a sequence overtook another";
  return std::nullopt;
}

} // namespace sluice::actors
