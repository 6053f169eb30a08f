// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Continuous batching: which sequences run which tokens in the next step. Used
// by the model's scheduler actor, and by simulations and tests alike: no CAF,
// no clock (time is an argument), no I/O.
//
// Rules
// - A plan takes one token of every decoding sequence first, then continues
//   prefills, then admits waiting sequences, all within the token budget. So a
//   long prompt never stops a running answer.
// - Waiting sequences are admitted by priority, then by fair share between
//   tenants, then by arrival.
// - A sequence is admitted when the blocks of its whole prompt are there, with
//   one more for each running sequence; nobody overtakes it then.
// - When blocks run out, the sequence of the lowest priority, the youngest of
//   them, goes back to the queue and is prefilled again from its tokens so far:
//   its answer does not change.
// - A sequence whose client does not keep up goes back, too, and rests there
//   until told to go on: it takes neither blocks nor a place from others.
// - Choices of one prompt share its blocks; the last one, which each of them
//   writes to, is copied once the first choice has computed it.
// - Blocks behind an attention window are let go, but for those of its sinks.
// - Full blocks are named by what they hold as soon as they are planned, and a
//   new sequence starts behind those it finds by name. At least its last token
//   is computed: somebody must give the logits.
// - What is to be read off a prompt needs the rows of its positions: those are
//   computed, once each, whatever the cache holds.
// - Where drafts are made, a decoding sequence runs some tokens ahead, and what
//   did not hold is planned again. Drafts never take another's blocks or
//   budget.
// - Behind those, blocks that a tier has are loaded by a plan before its first
//   step; what a stage has lost is computed like the rest.
// - With several plans in flight each takes its share of the decodes; a
//   sequence is in one plan at a time.
// - An ended sequence's blocks are free at once, even while a plan that uses
//   them is in flight: every stage runs plans in order, so the next owner
//   writes after the last one.
// - What a failed plan should have written is nameless again, and whoever built
//   on it fails with it.
#pragma once

#include "actors/model/attention_window.hpp"
#include "actors/model/batch_plan.hpp"
#include "actors/model/block_pool.hpp"
#include "actors/model/chain_hash.hpp"
#include "actors/model/draft_pace.hpp"
#include "actors/model/fair_share.hpp"
#include "actors/model/forecast.hpp"
#include "actors/model/tier_index.hpp"
#include "actors/terms.hpp"
#include "device/model/prompt_lookup.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::actors {

struct sequence;

/// Bounds of one model.
struct scheduler_limits {
  std::uint32_t max_running = 64;    ///< sequences in the batch, >= 1
  std::uint32_t max_waiting = 256;   ///< sequences in the queue
  std::uint32_t token_budget = 512;  ///< new tokens per plan, > max_running
  std::uint32_t plans_in_flight = 1; ///< one per stage, >= 1
  std::uint32_t context = 0;         ///< positions of a sequence, >= 2
  std::uint32_t kv_blocks = 0;       ///< blocks of device::block_tokens, >= 1
  bool prefix_cache = true;          ///< blocks are found by what they hold
  draft_limits draft = {};
  attention_window window = {};  ///< what every layer sees
  std::uint32_t host_blocks = 0; ///< kept in main memory besides
  std::uint32_t disk_blocks = 0; ///< kept on disk besides
};

/// Whose K and V the blocks hold.
struct cache_identity {
  std::string model; ///< the same text only for the same weights
  std::string adapter;
};

/// A prompt as the scheduler needs it.
struct sequence_request {
  request_id id = 0;
  instant deadline;
  std::vector<std::int32_t> tokens; ///< >= 1
  std::uint32_t max_tokens = 0;     ///< 0: to the end of the context
  device::sampling_params sampling;
  std::string session = {};    ///< pins its chain under this name, or ""
  std::string cache_salt = {}; ///< other salts share no cached prefix
  std::int32_t priority = 0;   ///< lower goes first
  bool prefill_only = false;   ///< ends with `length` when the prompt is stored
  std::string tenant = {};     ///< tenants get fair shares
  request_id group = 0;        ///< choices of one prompt share it; 0: none
  device::prompt_reading reading = {}; ///< not `embedding`: mean or last
};

/// Why a prompt was not taken.
struct refusal {
  errc code = errc::none;
  std::string text;
  std::uint32_t retry_seconds = 0; ///< when to come back; 0: no use
};

/// What plans did since the last call of `take_counts`.
struct scheduler_counts {
  std::uint64_t prompt_tokens = 0; ///< first prefills only
  std::uint64_t preemptions = 0;
  std::uint64_t cache_queries = 0;   ///< prompt tokens looked up
  std::uint64_t cache_hits = 0;      ///< prompt tokens found
  std::vector<double> queue_seconds; ///< arrival to first step, per sequence
  std::uint64_t drafts = 0;          ///< steps of sequences with drafts
  std::uint64_t draft_tokens = 0;
  std::uint64_t accepted_tokens = 0; ///< of the drafted ones
  std::vector<request_id> started;   ///< had their first step
};

class batch_scheduler {
public:
  /// `end_tokens` end an answer unless the request ignores them.
  batch_scheduler(scheduler_limits limits, std::vector<std::int32_t> end_tokens,
                  cache_identity identity = {});
  ~batch_scheduler();

  /// Longest sequence, prompt and answer: the context, or what all blocks hold.
  std::uint32_t max_positions() const noexcept;

  /// Blocks on the disks of all stages, least recently used first.
  void know_stored(std::span<const chain_key> keys);

  /// How fast plans come back. Until then no deadline is refused ahead of time.
  void measured(const pace& now) noexcept { forecast_.measured(now); }

  /// Queues a prompt, or says why not: also when it would be late.
  std::optional<refusal> submit(sequence_request request, instant now);

  /// Ends a sequence and reports it as cancelled; unknown ids are ignored.
  void cancel(request_id id, std::vector<generated>& out);

  /// Lets a sequence rest without blocks (its client does not keep up), or go
  /// on: then it is prefilled again. Unknown ids are ignored.
  void hold(request_id id, bool on);

  /// Ends all sequences whose deadline is at or before `now`.
  void expire(instant now, std::vector<generated>& out);

  /// Ends everything: the model failed or shuts down.
  void fail_all(errc code, const std::string& text,
                std::vector<generated>& out);

  /// The next step, or nothing to do (or enough plans in flight). Call until it
  /// gives nothing.
  std::optional<batch_plan> plan(instant now);

  /// Books the result of the oldest plan in flight.
  void complete(step_result result, std::vector<generated>& out);

  /// Lets go of what the prompts of `session` left in the cache: it may be
  /// evicted now.
  void forget_session(const std::string& session);

  std::optional<instant> next_deadline() const;
  std::size_t running() const noexcept { return running_.size(); }
  std::size_t waiting() const noexcept { return waiting_.size(); }
  std::size_t in_flight() const noexcept { return in_flight_.size(); }
  const block_pool& pool() const noexcept { return pool_; }
  scheduler_counts take_counts();

  /// What is wrong with the books, or nothing. True at every moment.
  std::optional<std::string> check() const;

private:
  struct flight {
    std::uint64_t number = 0;
    std::vector<sequence_key> sequences;
    std::vector<std::uint32_t> outputs;   // per sequence
    std::vector<device::row_range> reads; // per sequence
    std::vector<sequence_key> fetching;   // wait for the plan's loads
  };

  std::optional<refusal> refuse_wrong(const sequence_request& request,
                                      instant now) const;
  std::optional<refusal>
  refuse_late(const sequence& who, const queue_ahead& ahead, instant now) const;
  std::unique_ptr<sequence> make_sequence(sequence_request& request,
                                          instant now);
  queue_ahead look_ahead(const sequence& who) const;
  void add_decodes(batch_plan& plan, std::uint32_t& budget);
  void add_prefills(batch_plan& plan, std::uint32_t& budget);
  void admit(batch_plan& plan, std::uint32_t& budget, instant now);
  sequence* next_waiting(const batch_plan& plan) const;
  const sequence* sibling_of(const sequence& who) const;
  bool waits_for_sibling(const batch_plan& plan, const sequence& who) const;
  bool claim_blocks(batch_plan& plan, sequence& who);
  void share_cached(sequence& who);
  void share_all(sequence& who, const sequence& sibling);
  void share(sequence& who, std::uint32_t block);
  void note_source(sequence& who, std::uint32_t block);
  void open(batch_plan& plan, sequence& who, instant now);
  void add_step(batch_plan& plan, sequence& who, std::uint32_t count,
                std::span<const std::int32_t> drafts = {});
  static device::row_range rows_to_read(sequence& who, std::uint32_t count);
  bool take_blocks(sequence& who, std::uint32_t count);
  void let_go_behind(sequence& who);
  std::vector<std::int32_t> draft(sequence& who, std::uint32_t budget);
  void settle_drafts(sequence& who, std::size_t tokens);
  void name_blocks(sequence& who, std::uint32_t from,
                   batch_plan* plan = nullptr);
  void save_evicted(batch_plan& plan);
  void seek_in_tiers(sequence& who, std::size_t shared);
  void fetch(batch_plan& plan, sequence& who);
  void book_fetch(sequence& who, std::span<const chain_key> lost);
  void book_fetches(const flight& record, const step_result& result);
  bool make_room(sequence& who, std::uint32_t length);
  void preempt(sequence& who);
  void put_back(sequence& who);
  void rest(sequence& who);
  void book_step(sequence& who, std::span<device::sampled_token> tokens,
                 std::vector<generated>& out);
  void book_reading(sequence& who, device::prompt_part part,
                    std::vector<generated>& out);
  bool book_token(sequence& who, device::sampled_token token,
                  std::vector<generated>& out);
  void fail_plan(const flight& record, const std::string& error,
                 std::vector<generated>& out);
  void pin_session(const sequence& who);
  void end(sequence& who, generated last, std::vector<generated>& out);
  static std::string check_readings(const step_result& result,
                                    const flight& record);

  scheduler_limits limits_;
  std::vector<std::int32_t> end_tokens_;
  cache_identity identity_;
  chain_hasher hasher_;
  block_pool pool_;
  tier_index tiers_;
  fair_share shares_;
  forecast forecast_;
  std::vector<std::uint64_t> written_; // per block: the last plan that wrote it
  std::unordered_map<sequence_key, std::unique_ptr<sequence>> sequences_;
  std::unordered_map<request_id, sequence*> by_id_;
  std::deque<sequence*> waiting_;      // by key: order of arrival
  std::vector<sequence*> running_;     // by rank
  std::deque<flight> in_flight_;       // oldest first
  std::vector<sequence_key> closed_;   // to tell the last stage
  std::vector<sequence_key> fetching_; // by the plan that is being made
  sequence_key last_key_ = 0;
  std::uint64_t last_plan_ = 0;
  bool drafting_ = false; // few enough sequences decode
  device::prompt_lookup lookup_;
  scheduler_counts counts_;
};

} // namespace sluice::actors
