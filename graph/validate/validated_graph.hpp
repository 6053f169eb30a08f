// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A graph in which every name, type and edge is right: the only thing that can
// be placed, drawn and built. Made by validate() alone.
#pragma once

#include "graph/config.hpp"
#include "graph/kinds/kind_registry.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::graph {

struct graph_model {
  std::string name;
  std::filesystem::path path; ///< from the working directory, or absolute
  std::uint32_t context = 0;  ///< tokens; 0: as trained
  location where;
  std::uint32_t window = 0; ///< newest tokens seen; 0: as trained
  std::uint32_t sinks = 0;  ///< with a window, first tokens seen
  std::filesystem::path chat_template = {}; ///< "": the model's own
};

struct graph_actor {
  std::string name;
  const kind* type = nullptr;
  schema::Actor::Reader settings;
  std::string at; ///< path in the config's places, "actors[2]"
  location where;
  setting_values declared = {}; ///< of a host's own kind
};

/// From an output to an input; actors by index.
struct graph_edge {
  std::size_t from = 0;
  std::string output;
  std::size_t to = 0;
  std::string input;
  message_type type = message_type::request;
  location where;
  bool leads_back = false; ///< to where the request came from

  bool back() const noexcept { return leads_back; }
};

/// What the steps of validation work on: the config and what is known so far.
struct graph_draft {
  graph_config config;
  std::shared_ptr<const kind_registry> kinds;
  std::filesystem::path folder; ///< of the file; paths are relative to it
  std::vector<graph_model> models;
  std::vector<graph_actor> actors; ///< type is null after a mistake
  std::vector<graph_edge> edges;

  std::optional<std::size_t> find_actor(std::string_view name) const;
  const graph_model* find_model(std::string_view name) const;
  location at(const std::string& path) const {
    return config.places().at(path);
  }
};

struct validate_options {
  bool check_files = true; ///< model files must exist
  /// The graph runs inside a host program: without a gateway, the host stands
  /// in its place, as an actor called 'host' that feeds the one open input for
  /// requests and takes the open outputs for text.
  bool embedded = false;
  /// What paths are relative to; the file's own folder if not given.
  std::optional<std::filesystem::path> folder = {};
};

class validated_graph {
public:
  std::string_view name() const;
  const std::vector<graph_model>& models() const { return draft_.models; }
  const std::vector<graph_actor>& actors() const { return draft_.actors; }
  const std::vector<graph_edge>& edges() const { return draft_.edges; }
  const graph_draft& parts() const noexcept { return draft_; }

  const graph_actor* find(std::string_view actor) const;
  const graph_model* find_model(std::string_view model) const;
  /// The edge that leaves `actor` by `output`; null if none.
  const graph_edge* leaving(std::size_t actor, std::string_view output) const;
  /// A path written in the graph file, from the working directory.
  std::filesystem::path resolve(std::string_view written) const;

private:
  friend std::optional<validated_graph>
  validate(graph_config config, const kind_registry& kinds,
           const validate_options& options, diagnostics& found);
  explicit validated_graph(graph_draft draft) : draft_(std::move(draft)) {}
  graph_draft draft_;
};

/// Runs every step and adds all mistakes to `found`. A graph only if `found`
/// holds none, those of reading included.
std::optional<validated_graph> validate(graph_config config,
                                        const kind_registry& kinds,
                                        const validate_options& options,
                                        diagnostics& found);

} // namespace sluice::graph
