// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The steps of graph validation, in the order in which they run. Each adds what
// it finds and goes on; a part that an earlier step refused is passed over in
// silence, so that one mistake is told once.
#pragma once

#include "graph/validate/validated_graph.hpp"

namespace sluice::graph {

/// Lists actors and models; their names are names, their kinds are registered.
void collect_actors(graph_draft& draft, diagnostics& found);

/// Models that actors name exist, every model is used, files are there.
void check_models(const graph_draft& draft, const validate_options& options,
                  diagnostics& found);

/// Addresses, label rules and patterns.
void check_settings(const graph_draft& draft, diagnostics& found);

/// Reads the flow into edges between ports of equal types.
void connect(graph_draft& draft, diagnostics& found);

/// Of a graph without a door: adds the host in its place, with edges to and
/// from the open ends.
void connect_host(graph_draft& draft, const validate_options& options,
                  diagnostics& found);

/// Router rules: outputs that exist, conditions that say something, a default.
void check_rules(const graph_draft& draft, diagnostics& found);

/// Caches stand on both ways, and text goes back to where requests come from.
void check_caches(const graph_draft& draft, diagnostics& found);

/// Every port is connected, every output once.
void check_ports(const graph_draft& draft, diagnostics& found);

/// One gateway, and the text comes back to it.
void check_entry(const graph_draft& draft, diagnostics& found);

/// Every actor is reached from the gateway.
void check_reach(const graph_draft& draft, diagnostics& found);

/// No cycle but through edges that close the request.
void check_cycles(const graph_draft& draft, diagnostics& found);

} // namespace sluice::graph
