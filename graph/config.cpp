// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/config.hpp"

#include "graph/yaml/binder.hpp"

namespace sluice::graph {

namespace {

template <class Root>
std::optional<document<Root>> read(std::string_view text,
                                   const std::string& file, diagnostics& found,
                                   const kind_registry& kinds = {}) {
  auto tree = yaml::parse(text, file, found);
  if (!tree)
    return std::nullopt;
  auto message = std::make_shared<capnp::MallocMessageBuilder>();
  source_map places(file);
  declared_actors declared;
  yaml::bind(*tree, capnp::DynamicStruct::Builder(message->initRoot<Root>()),
             places, found, {kinds, declared});
  if (tree->type != yaml::node_type::map)
    return std::nullopt;
  return document<Root>(std::move(message), std::move(places),
                        std::move(declared));
}

} // namespace

std::optional<graph_config> read_graph(std::string_view text,
                                       const std::string& file,
                                       diagnostics& found,
                                       const kind_registry& kinds) {
  return read<schema::Graph>(text, file, found, kinds);
}

std::optional<placement_config> read_placement(std::string_view text,
                                               const std::string& file,
                                               diagnostics& found) {
  return read<schema::Placement>(text, file, found);
}

std::optional<cluster_config> read_cluster(std::string_view text,
                                           const std::string& file,
                                           diagnostics& found) {
  return read<schema::Cluster>(text, file, found);
}

} // namespace sluice::graph
