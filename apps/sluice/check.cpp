// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice check: validates a graph, and a placement for it, without starting
// anything.
#include "apps/sluice/command.hpp"
#include "apps/sluice/graph_files.hpp"

#include <cstdio>
#include <memory>

namespace sluice::apps {

namespace {

struct check_options {
  std::string graph;
  std::string placement;
};

exit_code check(const check_options& options, bool quiet) {
  const auto graph = load_graph_or_model(options.graph);
  if (!options.placement.empty())
    load_placement(options.placement, graph);
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
