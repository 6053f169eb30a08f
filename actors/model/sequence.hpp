// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One prompt and its answer so far, as the batch scheduler keeps it. Nobody
// else needs this header.
#pragma once

#include "actors/model/batch_plan.hpp"
#include "actors/model/chain_hash.hpp"
#include "actors/model/draft_pace.hpp"
#include "actors/terms.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::actors {

struct sequence {
  sequence_key key = 0;
  request_id id = 0;
  instant deadline;
  instant arrived;
  std::string tenant;
  std::int32_t priority = 0; // lower goes first
  request_id group = 0;      // choices of one prompt share it; 0: none
  device::sampling_params sampling;
  std::string session;              // pins its chain under this name, or ""
  bool prefill_only = false;        // ends when its prompt is stored
  device::prompt_reading reading;   // wanted of the prompt
  std::uint32_t read = 0;           // positions before this one are read
  bool told = false;                // its first token
  std::vector<std::int32_t> tokens; // prompt and answer so far
  std::uint32_t prompt_tokens = 0;
  std::uint32_t limit = 0;   // tokens.size() at which the answer is full
  std::uint32_t planned = 0; // tokens whose K and V are stored or in flight
  std::uint32_t cached = 0;  // prompt tokens that were found in the cache
  std::uint32_t drafted = 0; // of those in flight, tokens that may not hold
  draft_pace pace;
  std::uint64_t last_plan = 0;
  bool in_flight = false;
  bool held = false; // rests among the waiting ones, or will after its plan
  std::uint32_t fetching = 0; // blocks behind `planned` that a tier may have
  bool opened = false;        // the last stage has its sampler
  // By position; device::no_block behind the attention window.
  std::vector<std::uint32_t> blocks;
  std::uint32_t behind = 0; // blocks before this one were let go, but sinks
  // Plans that were in flight when blocks they write were shared.
  std::vector<std::uint64_t> built_on;
  chain_key root;
  std::vector<chain_key> chain; // names of the full blocks of `tokens`

  // Positions from this one on are not read.
  std::uint32_t read_end() const {
    switch (reading.kind) {
    case device::reading_kind::none:
      return 0;
    case device::reading_kind::scores: // the last row is about the answer
      return prompt_tokens - 1;
    default:
      return prompt_tokens;
    }
  }
  bool must_read() const { return read < read_end(); }
  // Tokens that need not be computed if their K and V are found: not the last
  // one, and none whose row is still to be read.
  std::uint32_t may_skip() const {
    const auto most = static_cast<std::uint32_t>(tokens.size()) - 1;
    return must_read() ? std::min(read, most) : most;
  }
  std::uint32_t remaining() const {
    return static_cast<std::uint32_t>(tokens.size()) - planned;
  }
  // Who comes later in this order gives way.
  std::pair<std::int32_t, sequence_key> rank() const { return {priority, key}; }
  bool decodes() const { return !in_flight && remaining() == 1 && planned > 0; }
};

} // namespace sluice::actors
