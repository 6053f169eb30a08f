// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Loads what the user named on the command line: a graph file, or a bare model
// that gets the default graph; a placement, and a cluster. Mistakes become one
// exception that lists them all.
#pragma once

#include "graph/load.hpp"

#include <optional>
#include <stdexcept>
#include <string>

namespace sluice::apps {

/// All mistakes of a file, one per line.
class wrong_file : public std::runtime_error {
public:
  explicit wrong_file(const graph::diagnostics& mistakes);
};

/// Opens a .yaml/.yml file as a graph, anything else as a model to serve with
/// the default graph. Throws wrong_file.
graph::validated_graph load_graph_or_model(const std::string& path);

/// Throws wrong_file.
graph::validated_placement load_placement(const std::string& path,
                                          const graph::validated_graph& graph);

/// Throws wrong_file.
graph::validated_cluster load_cluster(const std::string& path);

} // namespace sluice::apps
