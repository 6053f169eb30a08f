// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Binds a YAML tree to any Cap'n Proto struct by its schema alone: names,
// types, ranges, required fields and the notations that annotations ask for.
// Knows the annotations of graph.capnp and nothing of what the fields mean.
#pragma once

#include "graph/diagnostic.hpp"
#include "graph/kinds/kind_registry.hpp"
#include "graph/yaml/source_map.hpp"
#include "graph/yaml/tree.hpp"

#include <capnp/dynamic.h>

namespace sluice::graph::yaml {

/// Kinds beside those of the schema, and where their actors go.
struct more_kinds {
  const kind_registry& known; ///< those with declared settings count
  std::map<std::string, declared_actor, std::less<>>& actors; ///< by path
};

/// Fills `out` from `tree` and notes in `places` where each value stands. All
/// mistakes go to `found`; what is right is bound all the same.
void bind(const node& tree, capnp::DynamicStruct::Builder out,
          source_map& places, diagnostics& found, more_kinds more);

} // namespace sluice::graph::yaml
