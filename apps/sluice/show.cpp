// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// sluice show: the picture of a graph, as text, Mermaid, DOT or SVG.
#include "apps/sluice/command.hpp"
#include "apps/sluice/graph_files.hpp"
#include "graph/show/drawing.hpp"
#include "graph/show/svg.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>

namespace sluice::apps {

namespace {

struct show_options {
  std::string graph;
  std::string format; ///< "": by the output's extension, else text
  std::string output; ///< "": standard output
};

std::string format_of(const show_options& options) {
  if (!options.format.empty())
    return options.format;
  const auto extension = std::filesystem::path{options.output}.extension();
  if (extension == ".svg")
    return "svg";
  if (extension == ".dot" || extension == ".gv")
    return "dot";
  if (extension == ".mmd" || extension == ".mermaid")
    return "mermaid";
  return "text";
}

// Without Graphviz a terminal still gets a picture; a file does not silently
// get something else than what was asked.
std::string svg_or_text(const graph::validated_graph& graph, bool to_file) {
  if (auto svg = graph::to_svg(graph::to_dot(graph)))
    return *svg;
  const std::string why =
      "SVG needs Graphviz's dot (Debian: apt-get install graphviz)";
  if (to_file)
    throw std::runtime_error(why);
  spdlog::warn("{}; here is the text form", why);
  return graph::to_text(graph);
}

std::string draw(const graph::validated_graph& graph,
                 const show_options& options) {
  const auto format = format_of(options);
  if (format == "svg")
    return svg_or_text(graph, !options.output.empty());
  if (format == "dot")
    return graph::to_dot(graph);
  if (format == "mermaid")
    return graph::to_mermaid(graph);
  return graph::to_text(graph);
}

exit_code show(const show_options& options) {
  const auto picture = draw(load_graph_or_model(options.graph), options);
  if (options.output.empty()) {
    std::cout << picture << std::flush;
    return exit_code::ok;
  }
  std::ofstream out{options.output};
  out << picture;
  if (!out.flush())
    throw std::runtime_error("cannot write " + options.output);
  return exit_code::ok;
}

} // namespace

void add_show(CLI::App& app, const global_options&,
              selected_command& selected) {
  auto* command = app.add_subcommand("show", "Draw a graph");
  auto options = std::make_shared<show_options>();
  command->add_option("GRAPH", options->graph, "Graph file")->required();
  command
      ->add_option("--format", options->format,
                   "Default: by the output's extension, else text")
      ->check(CLI::IsMember({"text", "mermaid", "dot", "svg"}));
  command->add_option("-o,--output", options->output,
                      "File to write instead of standard output");
  command->callback([options, &selected] {
    selected.run = [options] { return show(*options); };
  });
}

} // namespace sluice::apps
