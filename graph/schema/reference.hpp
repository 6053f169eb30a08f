// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The reference page of the graph language, docs/graph-language.md. Made from
// graph.capnp and the kind registry alone, so it cannot fall behind.
#pragma once

#include <string>

namespace sluice::graph {

/// Markdown: every field of graph and placement files, in reading order.
std::string reference_page();

} // namespace sluice::graph
