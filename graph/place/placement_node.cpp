// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/placement_node.hpp"

#include "graph/names.hpp"
#include "graph/yaml/nearest.hpp"
#include "transport/address.hpp"

namespace sluice::graph {

namespace {

placement_node read_node(schema::Node::Reader node) {
  placement_node out;
  out.name = node.getName().cStr();
  out.zone = node.getZone().cStr();
  out.address = node.getAddress().cStr();
  for (auto label : node.getLabels())
    out.labels.push_back(label.cStr());
  out.cores = node.getCores();
  out.memory = node.getMemory();
  for (auto device : node.getDevices())
    out.devices.push_back(
        {device.getKind(), device.getCount(), device.getMemory()});
  out.speed = {node.getSpeed().getOps(), node.getSpeed().getRead()};
  out.reserve = node.getReserve();
  return out;
}

} // namespace

std::vector<placement_node> read_nodes(capnp::List<schema::Node>::Reader nodes,
                                       const source_map& places,
                                       diagnostics& found) {
  std::vector<placement_node> out;
  std::size_t i = 0;
  for (auto node : nodes) {
    const auto at = element("nodes", i++);
    check_name(node.getName().cStr(), places.at(at + ".name"), "node", found);
    out.push_back(read_node(node));
    const auto& made = out.back();
    if (node.hasAddress() && !transport::parse_address(made.address))
      found.push_back({places.at(at + ".address"),
                       "field 'address' needs an address such as "
                       "'10.0.0.5:7000', not "
                           + in_quotes(made.address)});
    if (made.memory != 0 && made.reserve >= made.memory)
      found.push_back({places.at(at + ".reserve"),
                       "'reserve' leaves nothing of the node's memory"});
  }
  return out;
}

} // namespace sluice::graph
