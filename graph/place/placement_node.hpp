// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A machine as placement and cluster files describe it, and as it describes
// itself when it joins. Knows no rule.
#pragma once

#include "graph/config.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::graph {

struct placement_device {
  schema::DeviceKind kind = schema::DeviceKind::ANY;
  std::uint32_t count = 1;
  std::uint64_t memory = 0; ///< bytes of each; 0: unknown
};

/// What a node was measured to do; 0: unknown.
struct node_speed {
  double ops = 0;         ///< operations on 8-bit integers per second
  std::uint64_t read = 0; ///< bytes of weights read per second
};

struct placement_node {
  std::string name;
  std::string zone;
  std::string address; ///< of its agent, "host:port"; "" if not given
  std::vector<std::string> labels;
  std::uint32_t cores = 0;  ///< 0: unknown
  std::uint64_t memory = 0; ///< bytes; 0: unknown
  std::vector<placement_device> devices;
  node_speed speed;
  std::uint64_t reserve = 0; ///< bytes of memory for other programs
};

/// Reads the 'nodes' of a file. Names and addresses must be right; whether the
/// zones exist is for the caller.
std::vector<placement_node> read_nodes(capnp::List<schema::Node>::Reader nodes,
                                       const source_map& places,
                                       diagnostics& found);

} // namespace sluice::graph
