// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// JSON Schema (draft 2020-12) of graph, placement and cluster files, for
// editors. Made from graph.capnp alone, comments included, so it cannot fall
// behind.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::graph {

enum class document_kind : std::uint8_t { graph, placement, cluster };

/// Indented JSON text with a newline at its end.
std::string json_schema(document_kind kind);

} // namespace sluice::graph
