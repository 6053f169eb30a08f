// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// From files to validated documents: what commands and hosts call.
#pragma once

#include "graph/cluster/validated_cluster.hpp"
#include "graph/place/validated_placement.hpp"
#include "graph/validate/validated_graph.hpp"

#include <filesystem>
#include <optional>

namespace sluice::graph {

/// A value, or every mistake that stands in its way.
template <class T>
struct loaded {
  std::optional<T> value;
  diagnostics mistakes;

  explicit operator bool() const noexcept { return value.has_value(); }
};

/// Reads and validates a graph file with these kinds.
loaded<validated_graph>
load_graph(const std::filesystem::path& file,
           const validate_options& options = {},
           const kind_registry& kinds = built_in_kinds());

/// Reads and validates a placement file for `graph`.
loaded<validated_placement> load_placement(const std::filesystem::path& file,
                                           const validated_graph& graph);

/// Reads and validates a cluster file.
loaded<validated_cluster> load_cluster(const std::filesystem::path& file);

/// As load_graph, from text; `file` is what mistakes name.
loaded<validated_graph>
parse_graph(std::string_view text, const std::string& file,
            const validate_options& options = {},
            const kind_registry& kinds = built_in_kinds());
loaded<validated_placement> parse_placement(std::string_view text,
                                            const std::string& file,
                                            const validated_graph& graph);
loaded<validated_cluster> parse_cluster(std::string_view text,
                                        const std::string& file);

} // namespace sluice::graph
