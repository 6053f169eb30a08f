// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A validated graph as a picture: Mermaid for documents, DOT for Graphviz,
// plain text for terminals. Pure text; see svg.hpp for Graphviz itself.
#pragma once

#include "graph/validate/validated_graph.hpp"

#include <string>

namespace sluice::graph {

/// A Mermaid flowchart. Back edges are dotted.
std::string to_mermaid(const validated_graph& graph);

/// A DOT digraph. Back edges are dashed.
std::string to_dot(const validated_graph& graph);

/// One line per edge, in the order of the flow, columns aligned.
std::string to_text(const validated_graph& graph);

} // namespace sluice::graph
