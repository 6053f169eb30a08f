// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice schema: the graph language as JSON Schema, for editors, or as its
// reference page, for people.
#include "apps/sluice/command.hpp"
#include "graph/schema/json_schema.hpp"
#include "graph/schema/reference.hpp"

#include <iostream>
#include <memory>
#include <string>

namespace sluice::apps {

namespace {

struct schema_options {
  std::string document = "graph";
  std::string format = "json";
};

std::string text_of(const schema_options& options) {
  if (options.format == "markdown")
    return graph::reference_page();
  using kind = graph::document_kind;
  return graph::json_schema(options.document == "placement" ? kind::placement
                            : options.document == "cluster" ? kind::cluster
                                                            : kind::graph);
}

} // namespace

void add_schema(CLI::App& app, const global_options&,
                selected_command& selected) {
  auto* command = app.add_subcommand(
      "schema", "Print the JSON Schema or the reference of the graph language");
  auto options = std::make_shared<schema_options>();
  command
      ->add_option("DOCUMENT", options->document,
                   "graph, placement or cluster, for json")
      ->check(CLI::IsMember({"graph", "placement", "cluster"}))
      ->capture_default_str();
  command
      ->add_option("--format", options->format,
                   "json: JSON Schema of DOCUMENT; markdown: the reference "
                   "page of all documents")
      ->check(CLI::IsMember({"json", "markdown"}))
      ->capture_default_str();
  command->callback([options, &selected] {
    selected.run = [options] {
      std::cout << text_of(*options) << std::flush;
      return exit_code::ok;
    };
  });
}

} // namespace sluice::apps
