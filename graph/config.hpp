// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Graph and placement files as read: right in form, not yet in meaning. Made
// here, handed to validation; nothing else may use a config.
#pragma once

#include "graph/diagnostic.hpp"
#include "graph/graph.capnp.h"
#include "graph/yaml/source_map.hpp"

#include <capnp/message.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::graph {

/// A document of schema type `Root`, with the places of its values. A value;
/// copies share the message, which nobody changes.
template <class Root>
class document {
public:
  document(std::shared_ptr<capnp::MallocMessageBuilder> message,
           source_map places)
      : message_(std::move(message)), places_(std::move(places)) {}

  typename Root::Reader root() const {
    return message_->template getRoot<Root>().asReader();
  }
  const source_map& places() const noexcept { return places_; }

private:
  std::shared_ptr<capnp::MallocMessageBuilder> message_;
  source_map places_;
};

using graph_config = document<schema::Graph>;
using placement_config = document<schema::Placement>;

/// Reads YAML. Empty when `text` is no YAML map at all; otherwise what is right
/// in it, with the mistakes in `found`.
std::optional<graph_config>
read_graph(std::string_view text, const std::string& file, diagnostics& found);
std::optional<placement_config> read_placement(std::string_view text,
                                               const std::string& file,
                                               diagnostics& found);

} // namespace sluice::graph
