// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice explain: who runs where under a placement, and why, without starting
// anything.
#include "apps/sluice/command.hpp"
#include "apps/sluice/graph_files.hpp"
#include "graph/place/explanation.hpp"

#include <iostream>
#include <memory>

namespace sluice::apps {

namespace {

struct explain_options {
  std::string graph;
  std::string placement;
  std::string cluster;
  bool json = false;
};

exit_code explain(const explain_options& options) {
  const auto graph = load_graph_or_model(options.graph);
  const auto placement = load_placement(options.placement, graph);
  std::optional<graph::validated_cluster> cluster;
  if (!options.cluster.empty())
    cluster = load_cluster(options.cluster);
  const auto nodes =
      graph::inventory_of(placement, cluster ? &*cluster : nullptr);
  const auto shapes = graph::shapes_of(graph);
  const graph::place_request request{graph, placement, shapes, nodes};
  const auto solved = graph::solve(request);
  if (!solved)
    throw wrong_file{solved.conflicts};
  const auto value = graph::explain(request, *solved.found);
  std::cout << (options.json ? graph::to_json(value) : graph::to_text(value))
            << std::flush;
  return exit_code::ok;
}

} // namespace

void add_explain(CLI::App& app, const global_options&,
                 selected_command& selected) {
  auto* command = app.add_subcommand(
      "explain", "Say who runs where under a placement, and why");
  auto options = std::make_shared<explain_options>();
  command->add_option("GRAPH", options->graph, "Graph file")->required();
  command->add_option("--placement", options->placement, "Placement file")
      ->required();
  command->add_option("--cluster", options->cluster,
                      "Cluster file; its nodes count beside the placement's");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &selected] {
    selected.run = [options] { return explain(*options); };
  });
}

} // namespace sluice::apps
