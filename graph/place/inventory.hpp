// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The nodes that are there now: what each has, what is taken and how fast it
// is. Filled from a placement's or a cluster's file, and by nodes that announce
// themselves; read by the solver. Pure data: asks no machine.
#pragma once

#include "graph/cluster/validated_cluster.hpp"
#include "graph/place/validated_placement.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sluice::graph {

struct inventory_node {
  placement_node has;
  std::uint64_t taken = 0; ///< bytes of main memory, by what is not placed here
  /// This process alone: it stands in every zone and meets every wish.
  bool everything = false;

  /// Bytes of main memory that may be used; none if the memory is unknown.
  std::optional<std::uint64_t> free_memory() const;
  /// Memory of each GPU, the largest first, bytes; 0: unknown.
  std::vector<std::uint64_t> gpus() const;
};

/// Nodes by name, in the order in which they were added.
class inventory {
public:
  /// Takes the place of a node of the same name, as one that rejoins does.
  void put(inventory_node node);
  bool remove(std::string_view name);

  const std::vector<inventory_node>& nodes() const noexcept { return nodes_; }
  bool empty() const noexcept { return nodes_.empty(); }
  const inventory_node* find(std::string_view name) const;
  /// Index into nodes(); empty if there is none.
  std::optional<std::size_t> index(std::string_view name) const;

private:
  std::vector<inventory_node> nodes_;
};

/// The nodes of a file.
inventory inventory_of(std::span<const placement_node> nodes);

/// Those that the placement names, and over them the cluster's.
inventory inventory_of(const validated_placement& placement,
                       const validated_cluster* cluster = nullptr);

/// One node, 'this process': what an empty inventory stands for.
inventory this_process();

/// Bytes of weights per second that each node reads or multiplies, in the order
/// of nodes(). A node that says nothing counts as the mean of those that do;
/// when none does, as its cores, and else all are equal.
std::vector<double> speeds(const inventory& nodes, work_phase phase);

} // namespace sluice::graph
