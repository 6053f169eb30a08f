// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Chooses a node for every unit of a graph: the placement's rules first, then
// what costs least. A pure function of its arguments, without clock or I/O: the
// same question gets the same answer on every machine.
#pragma once

#include "graph/place/search.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sluice::graph {

struct solution {
  std::optional<assignment> found;
  /// Without an assignment: the rules that conflict, each with its place, then
  /// what each node lacks.
  diagnostics conflicts;
  /// Nothing was found within the bound on work, but there may be something.
  bool unproven = false;
  /// What no node can mend: degrees that do not fit the model.
  bool hopeless = false;

  explicit operator bool() const noexcept { return found.has_value(); }
};

/// An empty inventory stands for this process, which takes everything.
solution solve(const place_request& request);

/// Adds the rules that cannot be met together, in minimal sets: without any
/// rule of a set, the others of it can be met. What each node lacks for the
/// unit where the search got furthest comes after them. `work` bounds each
/// search.
void tell_conflicts(place_problem& problem, const dead_end* stuck,
                    std::size_t work, diagnostics& found);

/// Why a node may not have a unit: "3.1 GiB free, 4.0 GiB needed".
std::string words_of(const place_problem& problem, const refusal& why);

} // namespace sluice::graph
