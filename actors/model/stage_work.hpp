// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What a stage does with a plan, without the actor around it: run the layers,
// and on the last stage sample. An engine's exception ends here: it fails the
// plan, never the process.
#pragma once

#include "actors/model/batch_plan.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sluice::actors {

/// A range of layers ready to run: a device::shard, or a test's own.
class stage_engine {
public:
  virtual ~stage_engine() = default;
  /// As device::shard::forward.
  virtual std::vector<float>
  forward(std::span<const device::sequence_step> steps,
          std::vector<float>& hidden, const device::row_sink& sink) = 0;
  /// As device::shard::copy_block.
  virtual void copy_block(std::uint32_t from, std::uint32_t to) = 0;
  /// As device::shard::load_next.
  virtual bool load_next() { return false; }

  // Blocks outside of the pool; an engine without any does nothing.
  /// Keeps a block in main memory.
  virtual void save_block(const block_transfer&) {}
  /// Keeps a block on disk.
  virtual void store_block(const block_transfer&) {}
  /// Brings a block back; false if it is not there.
  virtual bool load_block(const block_transfer&) { return false; }
  /// What is on disk, least recently used first.
  virtual std::vector<chain_key> stored() { return {}; }
};

/// Makes the engine of stage `index`; runs in that stage's thread. May throw:
/// the stage then reports that it failed.
using stage_loader = std::function<std::unique_ptr<stage_engine>(
    std::uint32_t index, const device::shard::progress& report)>;

/// Finds what a request's grammar was compiled to, or compiles it.
using grammar_finder =
    std::function<std::shared_ptr<const device::compiled_grammar>(
        const device::grammar_source&)>;

class stage_work {
public:
  /// `end_tokens` and `grammars` matter on the last stage only.
  stage_work(std::unique_ptr<stage_engine> engine, bool last,
             std::vector<std::int32_t> end_tokens,
             grammar_finder grammars = {});

  /// What the last stage sampled, as step_result has it.
  struct sampled {
    std::vector<device::sampled_token> tokens;
    std::vector<std::uint32_t> counts;
    std::vector<sequence_reading> readings;
  };

  /// Runs `plan` on `hidden`; `error` is what a stage before said, or "", and
  /// what this one says after. `proposals` are those of stage_pass. Returns the
  /// sampled tokens on the last stage.
  sampled run(const batch_plan& plan, std::vector<float>& hidden,
              std::string& error, std::span<const float> proposals = {});

  /// Saves and loads the plan's blocks; before `run`. Adds the keys of loads
  /// that are not here to `lost`. `error` as with run.
  void bring_blocks(const batch_plan& plan, std::vector<chain_key>& lost,
                    std::string& error);

  /// Stores blocks that a plan filled, which did not fail here; after `run`.
  void store_blocks(std::span<const block_transfer> stores);

  /// As device::shard::load_next.
  bool load_next() { return engine_->load_next(); }

  /// As stage_engine::stored.
  std::vector<chain_key> stored() { return engine_->stored(); }

  /// Sequences that have a sampler here.
  std::size_t samplers() const noexcept { return samplers_.size(); }

private:
  void open(const sampler_start& start);
  sampled sample(const batch_plan& plan, std::vector<float> logits,
                 std::span<const float> proposals);
  void read(const batch_plan& plan, const device::row_slice& rows,
            std::vector<sequence_reading>& out);

  void note_writes(const batch_plan& plan, bool failed);

  std::unique_ptr<stage_engine> engine_;
  bool last_;
  std::vector<std::int32_t> end_tokens_;
  grammar_finder grammars_;
  std::unordered_map<sequence_key, device::sampler> samplers_;
  std::unordered_map<sequence_key, device::prompt_reader> readers_;
  /// Blocks that a failed plan should have written: not worth saving.
  std::unordered_set<std::uint32_t> unsure_;
};

} // namespace sluice::actors
