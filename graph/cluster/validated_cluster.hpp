// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A cluster file in which every name, address and time is right: the machines
// that are known, and how nodes find and watch each other. Made by validate()
// alone. Says nothing of graphs and placements.
#pragma once

#include "graph/config.hpp"
#include "graph/place/placement_node.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace sluice::graph {

class validated_cluster {
public:
  const std::string& name() const noexcept { return name_; }
  const std::vector<placement_node>& nodes() const { return nodes_; }
  /// Where the hub listens for nodes, "host:port".
  const std::string& join() const noexcept { return join_; }
  std::chrono::milliseconds heartbeat() const noexcept { return heartbeat_; }
  /// Silence after which a node gets no new work.
  std::chrono::milliseconds suspect() const noexcept { return suspect_; }
  /// Silence after which its actors are placed anew; longer than suspect().
  std::chrono::milliseconds dead() const noexcept { return dead_; }
  /// A folder, from the working directory or absolute.
  const std::filesystem::path& certificates() const { return certificates_; }

private:
  friend std::optional<validated_cluster> validate(const cluster_config& config,
                                                   diagnostics& found);
  std::string name_;
  std::vector<placement_node> nodes_;
  std::string join_;
  std::chrono::milliseconds heartbeat_{};
  std::chrono::milliseconds suspect_{};
  std::chrono::milliseconds dead_{};
  std::filesystem::path certificates_;
};

/// All mistakes to `found`, a cluster only if there are none.
std::optional<validated_cluster> validate(const cluster_config& config,
                                          diagnostics& found);

} // namespace sluice::graph
