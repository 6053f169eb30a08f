// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/validate/validated_graph.hpp"

#include "graph/validate/steps.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

template <class Items>
auto find_named(const Items& items, std::string_view name) {
  return std::find_if(items.begin(), items.end(),
                      [&](const auto& item) { return item.name == name; });
}

/// The kinds, and that of the host where it may stand in a gateway's place.
std::shared_ptr<const kind_registry>
with_host(const kind_registry& kinds, const validate_options& options) {
  auto all = std::make_shared<kind_registry>(kinds);
  if (options.embedded)
    all->add({"host",
              {{"text", message_type::text}},
              {{"request", message_type::request}},
              false,
              true});
  return all;
}

} // namespace

std::optional<std::size_t>
graph_draft::find_actor(std::string_view name) const {
  auto found = find_named(actors, name);
  if (found == actors.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - actors.begin());
}

const graph_model* graph_draft::find_model(std::string_view name) const {
  auto found = find_named(models, name);
  return found == models.end() ? nullptr : &*found;
}

std::string_view validated_graph::name() const {
  return draft_.config.root().getGraph().cStr();
}

const graph_actor* validated_graph::find(std::string_view actor) const {
  auto index = draft_.find_actor(actor);
  return index ? &draft_.actors[*index] : nullptr;
}

const graph_model* validated_graph::find_model(std::string_view model) const {
  return draft_.find_model(model);
}

const graph_edge* validated_graph::leaving(std::size_t actor,
                                           std::string_view output) const {
  for (const auto& edge : draft_.edges)
    if (edge.from == actor && edge.output == output)
      return &edge;
  return nullptr;
}

std::filesystem::path validated_graph::resolve(std::string_view written) const {
  return draft_.folder / written;
}

std::optional<validated_graph> validate(graph_config config,
                                        const kind_registry& kinds,
                                        const validate_options& options,
                                        diagnostics& found) {
  auto folder = options.folder.value_or(
      std::filesystem::path(config.places().file()).parent_path());
  graph_draft draft{std::move(config),
                    with_host(kinds, options),
                    std::move(folder),
                    {},
                    {},
                    {}};
  collect_actors(draft, found);
  check_models(draft, options, found);
  check_settings(draft, found);
  connect(draft, found);
  connect_host(draft, options, found);
  check_rules(draft, found);
  check_caches(draft, found);
  check_ports(draft, found);
  check_entry(draft, found);
  check_reach(draft, found);
  check_cycles(draft, found);
  if (!found.empty())
    return std::nullopt;
  return validated_graph(std::move(draft));
}

} // namespace sluice::graph
