// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/cluster/validated_cluster.hpp"

#include "graph/names.hpp"
#include "graph/yaml/nearest.hpp"
#include "transport/address.hpp"

namespace sluice::graph {

namespace {

/// Two machines cannot listen at one address.
void check_addresses(const std::vector<placement_node>& nodes,
                     const cluster_config& config, diagnostics& found) {
  for (std::size_t i = 0; i < nodes.size(); ++i)
    for (std::size_t j = 0; j < i && !nodes[i].address.empty(); ++j)
      if (nodes[i].address == nodes[j].address) {
        found.push_back({config.places().at(element("nodes", i) + ".address"),
                         "address " + in_quotes(nodes[i].address)
                             + " is that of node " + in_quotes(nodes[j].name)
                             + " already"});
        break;
      }
}

/// A node is suspected after it missed a heartbeat, and dead later than that.
void check_times(const cluster_config& config, diagnostics& found) {
  const auto root = config.root();
  auto tell = [&](const char* late, const char* soon) {
    const auto& places = config.places();
    found.push_back(
        {places.at(places.has(late) ? late : soon),
         in_quotes(late) + " must be longer than " + in_quotes(soon)});
  };
  if (root.getSuspect() <= root.getHeartbeat())
    tell("suspect", "heartbeat");
  if (root.getDead() <= root.getSuspect())
    tell("dead", "suspect");
}

} // namespace

std::optional<validated_cluster> validate(const cluster_config& config,
                                          diagnostics& found) {
  const auto root = config.root();
  const auto& places = config.places();
  if (root.hasCluster())
    check_name(root.getCluster().cStr(), places.at("cluster"), "cluster",
               found);
  const auto nodes = read_nodes(root.getNodes(), places, found);
  std::size_t i = 0;
  for (const auto& node : nodes) {
    const auto at = element("nodes", i++) + ".zone";
    if (places.has(at))
      check_name(node.zone, places.at(at), "zone", found);
  }
  check_addresses(nodes, config, found);
  check_times(config, found);
  if (!transport::parse_address(root.getJoin().cStr()))
    found.push_back({places.at("join"),
                     "field 'join' needs an address such as '10.0.0.5:7700', "
                     "not "
                         + in_quotes(root.getJoin().cStr())});
  if (!found.empty())
    return std::nullopt;
  validated_cluster out;
  out.name_ = root.getCluster().cStr();
  out.nodes_ = nodes;
  out.join_ = root.getJoin().cStr();
  out.heartbeat_ = std::chrono::milliseconds(root.getHeartbeat());
  out.suspect_ = std::chrono::milliseconds(root.getSuspect());
  out.dead_ = std::chrono::milliseconds(root.getDead());
  out.certificates_ = std::filesystem::path(places.file()).parent_path()
                      / root.getCertificates().cStr();
  return out;
}

} // namespace sluice::graph
