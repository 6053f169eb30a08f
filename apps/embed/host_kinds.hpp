// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A host's kinds of actors as the graph takes them.
#pragma once

#include "graph/build/running_graph.hpp"
#include "graph/kinds/kind_registry.hpp"
#include "sluice/actor_kind.hpp"

namespace sluice::apps {

/// The built-in kinds and these. Throws error, bad_argument, saying which kind
/// is wrong and how.
graph::kind_registry with_kinds(const std::vector<actor_kind>& kinds);

std::map<std::string, graph::object_maker, std::less<>>
makers_of(const std::vector<actor_kind>& kinds);

} // namespace sluice::apps
