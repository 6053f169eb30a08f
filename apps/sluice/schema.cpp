// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice schema: the graph language as JSON Schema, for editors.
#include "apps/sluice/command.hpp"
#include "graph/schema/json_schema.hpp"

#include <iostream>
#include <memory>
#include <string>

namespace sluice::apps {

void add_schema(CLI::App& app, const global_options&,
                selected_command& selected) {
  auto* command = app.add_subcommand(
      "schema", "Print the JSON Schema of graph or placement files");
  auto document = std::make_shared<std::string>("graph");
  command->add_option("DOCUMENT", *document, "graph or placement")
      ->check(CLI::IsMember({"graph", "placement"}))
      ->capture_default_str();
  command->callback([document, &selected] {
    selected.run = [document] {
      std::cout << graph::json_schema(*document == "graph"
                                          ? graph::document_kind::graph
                                          : graph::document_kind::placement)
                << std::flush;
      return exit_code::ok;
    };
  });
}

} // namespace sluice::apps
