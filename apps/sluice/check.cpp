// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice check: validates a graph, and a placement for it, without starting
// anything.
#include "apps/sluice/command.hpp"
#include "apps/sluice/graph_files.hpp"
#include "graph/place/solve.hpp"

#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>

namespace sluice::apps {

namespace {

struct check_options {
  std::string graph;
  std::string placement;
};

/// Degrees that the models cannot have are mistakes. What the nodes that are
/// named cannot do, others that join may.
void check_placement(const graph::validated_graph& graph,
                     const graph::validated_placement& placement,
                     const std::string& file) {
  const auto nodes = graph::inventory_of(placement);
  const auto shapes = graph::shapes_of(graph);
  const auto solved = graph::solve({graph, placement, shapes, nodes});
  if (solved.hopeless)
    throw wrong_file{solved.conflicts};
  if (solved)
    return;
  spdlog::warn("{}: the nodes that it names are not enough; others may join:",
               file);
  for (const auto& one : solved.conflicts)
    spdlog::warn("{}", to_string(one));
}

exit_code check(const check_options& options, bool quiet) {
  const auto graph = load_graph_or_model(options.graph);
  if (!options.placement.empty())
    check_placement(graph, load_placement(options.placement, graph),
                    options.placement);
  if (!quiet)
    std::printf("%s: %zu actors, %zu edges, no mistakes\n",
                options.graph.c_str(), graph.actors().size(),
                graph.edges().size());
  return exit_code::ok;
}

} // namespace

void add_check(CLI::App& app, const global_options& global,
               selected_command& selected) {
  auto* command = app.add_subcommand(
      "check", "Find every mistake in a graph file, and in a placement for it");
  auto options = std::make_shared<check_options>();
  command->add_option("GRAPH", options->graph, "Graph file")->required();
  command->add_option("--placement", options->placement, "Placement file");
  command->callback([options, &selected, &global] {
    selected.run = [options, &global] { return check(*options, global.quiet); };
  });
}

} // namespace sluice::apps
