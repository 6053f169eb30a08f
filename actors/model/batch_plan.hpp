// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One step of a model: which sequences run which tokens, and what the last
// stage samples. The batch scheduler makes plans, every stage of the model gets
// the identical plans in identical order. Knows no actor.
#pragma once

#include "actors/model/chain_hash.hpp"
#include "device/model/prompt_reading.hpp"
#include "device/model/sampling.hpp"
#include "device/model/shard.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::actors {

/// A model's own name for a sequence; never reused, unlike a request's id.
using sequence_key = std::uint64_t;

/// What the last stage needs to sample for a sequence. Sent once; a sequence
/// that was preempted keeps its sampler.
struct sampler_start {
  sequence_key sequence = 0;
  device::sampling_params params;
  std::vector<std::int32_t> prompt;    ///< for the repetition penalty
  device::prompt_reading reading = {}; ///< what is read off the prompt
};

/// One KV block's contents go to another.
struct block_copy {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// One KV block goes to, or comes from, what is kept outside of the pool.
struct block_transfer {
  std::uint32_t block = 0;
  chain_key key;
};

/// The work of one step. Stages first save, load and open, then copy blocks,
/// then run, then close and store.
struct batch_plan {
  std::uint64_t number = 0; ///< counts from 1, without gaps
  /// Sequence of each entry of `steps`; no sequence twice.
  std::vector<sequence_key> sequences;
  /// May be empty when a plan only closes. With `outputs` > 1 the last tokens
  /// of a step are a draft that the last stage verifies.
  std::vector<device::sequence_step> steps;
  std::vector<sampler_start> opened;
  std::vector<sequence_key> closed;    ///< ended since the plan before
  std::vector<block_copy> copies = {}; ///< in order, before the steps
  /// The draft stage runs this plan, and fills in the drafted tokens.
  bool drafts = false;
  /// Blocks that are about to be overwritten: to main memory, before all else.
  std::vector<block_transfer> saves = {};
  std::vector<block_transfer> loads = {}; ///< from main memory or disk, then
  /// Blocks that the steps fill: to disk, at the end if nothing failed.
  std::vector<block_transfer> stores = {};
};

/// What the last stage read off a part of a sequence's prompt.
struct sequence_reading {
  sequence_key sequence = 0;
  device::prompt_part part;
};

/// What the last stage made of a plan.
struct step_result {
  std::uint64_t plan = 0;
  /// Those of each step with outputs, in order; empty with an error.
  std::vector<device::sampled_token> tokens;
  std::string error; ///< why the plan failed, or ""
  /// How many of `tokens` each step with outputs got, 1..outputs: the accepted
  /// part of its draft and one more. Empty: one each.
  std::vector<std::uint32_t> counts = {};
  std::vector<chain_key> lost = {}; ///< loads that some stage did not have
  /// Those of each step with rows to read, in order.
  std::vector<sequence_reading> readings = {};
};

} // namespace sluice::actors
