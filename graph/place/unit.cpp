// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/unit.hpp"

namespace sluice::graph {

std::string name_of(const unit& one, const unit_degrees& degrees) {
  auto out = one.actor;
  if (degrees.numbered)
    out += "#" + std::to_string(one.replica);
  if (one.role == unit_role::scheduler)
    return out + ".scheduler";
  if (one.role == unit_role::whole)
    return out;
  auto part = [&](const char* what, std::uint32_t index) {
    out += "." + std::string(what) + "[" + std::to_string(index) + "]";
  };
  part("stage", one.stage);
  if (degrees.tensor > 1)
    part("rank", one.rank);
  if (degrees.expert > 1)
    part("expert", one.expert);
  return out;
}

} // namespace sluice::graph
