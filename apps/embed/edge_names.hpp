// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Edges as people write them: "prep -> pick", "pick.home -> home".
#pragma once

#include "graph/validate/validated_graph.hpp"

namespace sluice::apps {

std::string edge_name(const graph::validated_graph& graph, std::size_t edge);

/// Output and input may be left out where one edge alone fits. Throws error,
/// unknown_edge, with the names of those there are.
std::size_t find_edge(const graph::validated_graph& graph,
                      std::string_view text);

} // namespace sluice::apps
