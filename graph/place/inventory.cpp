// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/inventory.hpp"

#include <algorithm>
#include <numeric>

namespace sluice::graph {

namespace {

// One core of today's servers reads about so much of its share of the memory.
constexpr double core_read = 5e9;     // bytes per second
constexpr double unknown_read = 20e9; // bytes per second

double measured(const inventory_node& node, work_phase phase) {
  // A weight of 8 bits takes a multiplication and an addition.
  const auto ops = node.has.speed.ops / 2;
  const auto read = static_cast<double>(node.has.speed.read);
  if (phase == work_phase::prefill)
    return ops;
  return read;
}

/// Zeros become the mean of the others; false if all are zero.
bool fill(std::vector<double>& values) {
  const auto known =
      std::ranges::count_if(values, [](double v) { return v > 0; });
  if (known == 0)
    return false;
  const auto mean = std::accumulate(values.begin(), values.end(), 0.0)
                    / static_cast<double>(known);
  std::ranges::replace(values, 0.0, mean);
  return true;
}

} // namespace

std::optional<std::uint64_t> inventory_node::free_memory() const {
  if (has.memory == 0)
    return std::nullopt;
  const auto used = std::min(has.memory, has.reserve);
  return has.memory - used - std::min(has.memory - used, taken);
}

std::vector<std::uint64_t> inventory_node::gpus() const {
  std::vector<std::uint64_t> out;
  for (const auto& device : has.devices)
    if (device.kind == schema::DeviceKind::CUDA)
      out.insert(out.end(), device.count, device.memory);
  // Unknown memory is taken for enough.
  std::ranges::sort(out, [](std::uint64_t a, std::uint64_t b) {
    return a != b && b != 0 && (a == 0 || a > b);
  });
  return out;
}

void inventory::put(inventory_node node) {
  if (const auto known = index(node.has.name))
    nodes_[*known] = std::move(node);
  else
    nodes_.push_back(std::move(node));
}

bool inventory::remove(std::string_view name) {
  return std::erase_if(
             nodes_,
             [&](const inventory_node& node) { return node.has.name == name; })
         != 0;
}

const inventory_node* inventory::find(std::string_view name) const {
  const auto known = index(name);
  return known ? &nodes_[*known] : nullptr;
}

std::optional<std::size_t> inventory::index(std::string_view name) const {
  const auto found =
      std::ranges::find_if(nodes_, [&](const inventory_node& node) {
        return node.has.name == name;
      });
  if (found == nodes_.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - nodes_.begin());
}

inventory inventory_of(std::span<const placement_node> nodes) {
  inventory out;
  for (const auto& node : nodes)
    out.put({node});
  return out;
}

inventory inventory_of(const validated_placement& placement,
                       const validated_cluster* cluster) {
  auto out = inventory_of(placement.nodes());
  if (cluster)
    for (const auto& node : cluster->nodes())
      out.put({node});
  return out;
}

inventory this_process() {
  inventory_node node;
  node.has.name = "this process";
  node.everything = true;
  inventory out;
  out.put(std::move(node));
  return out;
}

std::vector<double> speeds(const inventory& nodes, work_phase phase) {
  std::vector<double> out;
  for (const auto& node : nodes.nodes())
    out.push_back(measured(node, phase));
  if (fill(out))
    return out;
  // Prompts are read at about the speed at which weights are.
  if (phase == work_phase::prefill)
    return speeds(nodes, work_phase::decode);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = nodes.nodes()[i].has.cores * core_read;
  if (!fill(out))
    std::ranges::fill(out, unknown_read);
  return out;
}

} // namespace sluice::graph
