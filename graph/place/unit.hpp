// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The smallest thing that is placed: one copy of an actor, or one part of a
// split model. The solver, deployments and status speak of units by this name.
#pragma once

#include "graph/place/selector.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace sluice::graph {

enum class unit_role : std::uint8_t {
  whole,     ///< an actor that is not a model
  scheduler, ///< of one replica of a model
  shard,     ///< one rank and expert group of one stage
};

struct unit {
  std::string actor;
  std::uint32_t replica = 0;
  unit_role role = unit_role::whole;
  std::uint32_t stage = 0;  ///< these three are 0 but for shards
  std::uint32_t rank = 0;   ///< of the tensor group
  std::uint32_t expert = 0; ///< group of experts

  auto operator<=>(const unit&) const = default;
};

/// How often an actor is there, and how each copy is split.
struct unit_degrees {
  std::uint32_t replicas = 1;
  bool numbered = false; ///< there may be more than one replica
  std::uint32_t pipeline = 1;
  std::uint32_t tensor = 1;
  std::uint32_t expert = 1;
  std::uint32_t prefill = 0; ///< the first replicas, which only read prompts

  work_phase phase(std::uint32_t replica) const noexcept {
    return prefill == 0        ? work_phase::both
           : replica < prefill ? work_phase::prefill
                               : work_phase::decode;
  }
};

/// "home#1.stage[2].rank[0]". What there is only one of is left out; a shard
/// always has its stage, and a scheduler is ".scheduler".
std::string name_of(const unit& one, const unit_degrees& degrees);

} // namespace sluice::graph
