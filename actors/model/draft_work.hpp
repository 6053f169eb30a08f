// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a draft stage does with a plan, without the actor around it: a small
// model follows the sequences of a large one, in blocks of its own with the
// same numbers, and fills the drafted tokens into the plan. So whatever the
// scheduler does with blocks (sharing, copies, preemption) holds here too.
//
// Drafts may be wrong at no cost but speed: what the small model could not see,
// such as cached blocks that it never computed, it does without. Blocks that
// come back from a tier it computes anew: no tier keeps its own.
#pragma once

#include "actors/model/batch_plan.hpp"
#include "actors/model/stage_work.hpp"

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::actors {

class draft_work {
public:
  /// The engine is a whole model, with the vocabulary of the large one.
  explicit draft_work(std::unique_ptr<stage_engine> engine)
      : engine_{std::move(engine)} {}

  /// Replaces the last `outputs` - 1 tokens of each step by drafts. Returns
  /// what they were drawn from [drafts, vocabulary], steps in order, for
  /// sequences whose requests do not replay. Throws what the engine throws.
  std::vector<float> run(batch_plan& plan);

  /// As device::shard::load_next.
  bool load_next() { return engine_->load_next(); }

  /// Sequences that are followed.
  std::size_t followed() const noexcept { return followers_.size(); }

private:
  /// How far the small model has come with a sequence.
  struct follower {
    device::sampling_params params;
    std::vector<std::int32_t> tokens;  ///< all, with the latest drafts
    std::uint32_t stored = 0;          ///< positions whose K and V are stored
    std::vector<std::int32_t> pending; ///< tokens after them, not run yet
  };

  void copy(std::uint32_t from, std::uint32_t to);
  void follow(const batch_plan& plan);
  void go_back(follower& who, const device::sequence_step& step);
  std::vector<device::sequence_step> catch_up(const batch_plan& plan);
  std::vector<float> propose(batch_plan& plan);

  std::unique_ptr<stage_engine> engine_;
  std::unordered_map<sequence_key, follower> followers_;
  std::unordered_set<std::uint32_t> unknown_; // hold nothing of this model
};

} // namespace sluice::actors
