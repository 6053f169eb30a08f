// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Graph, placement and cluster files as read: right in form, not yet in
// meaning. Made here, handed to validation; nothing else may use a config.
#pragma once

#include "graph/diagnostic.hpp"
#include "graph/graph.capnp.h"
#include "graph/kinds/kind_registry.hpp"
#include "graph/yaml/source_map.hpp"

#include <capnp/message.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::graph {

/// Actors of kinds that the schema does not hold, by path: "actors[2]".
using declared_actors = std::map<std::string, declared_actor, std::less<>>;

/// A document of schema type `Root`, with the places of its values. A value;
/// copies share the message, which nobody changes.
template <class Root>
class document {
public:
  document(std::shared_ptr<capnp::MallocMessageBuilder> message,
           source_map places, declared_actors declared = {})
      : message_(std::move(message)), places_(std::move(places)),
        declared_(std::move(declared)) {}

  typename Root::Reader root() const {
    return message_->template getRoot<Root>().asReader();
  }
  const source_map& places() const noexcept { return places_; }
  const declared_actors& declared() const noexcept { return declared_; }

private:
  std::shared_ptr<capnp::MallocMessageBuilder> message_;
  source_map places_;
  declared_actors declared_;
};

using graph_config = document<schema::Graph>;
using placement_config = document<schema::Placement>;
using cluster_config = document<schema::Cluster>;

/// Reads YAML. Empty when `text` is no YAML map at all; otherwise what is right
/// in it, with the mistakes in `found`. Of `kinds`, those with declared
/// settings are known beside the schema's.
std::optional<graph_config> read_graph(std::string_view text,
                                       const std::string& file,
                                       diagnostics& found,
                                       const kind_registry& kinds = {});
std::optional<placement_config> read_placement(std::string_view text,
                                               const std::string& file,
                                               diagnostics& found);
std::optional<cluster_config> read_cluster(std::string_view text,
                                           const std::string& file,
                                           diagnostics& found);

} // namespace sluice::graph
