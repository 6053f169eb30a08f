// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/show/drawing.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

// Names hold no character that DOT or Mermaid would take for their own, but a
// word such as "end" is one: nodes are numbered and names are labels.
std::string node_id(std::size_t actor) {
  return "a" + std::to_string(actor);
}

/// What an edge is labelled with: "prompt", or "home: prompt" after a router.
std::string edge_label(const validated_graph& graph, const graph_edge& edge) {
  auto type = std::string(name(edge.type));
  return graph.actors()[edge.from].type->names_outputs
             ? edge.output + ": " + type
             : type;
}

/// What is worth a word about an actor beside its kind: the model it uses or
/// where it listens.
std::string remark(const graph_actor& actor) {
  auto kind = actor.settings.getKind();
  if (kind.isGateway())
    return kind.getGateway().getListen().cStr();
  if (kind.isPreprocess())
    return kind.getPreprocess().getModel().cStr();
  if (kind.isModel())
    return kind.getModel().getModel().cStr();
  if (kind.isPostprocess())
    return kind.getPostprocess().getModel().cStr();
  return {};
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

/// Text within double quotes of DOT and Mermaid; control characters that an
/// address could hold never get this far.
std::string escaped(std::string_view text, std::string_view quote) {
  std::string out;
  for (char c : text)
    if (c == '"')
      out += quote;
    else
      out += c;
  return out;
}

} // namespace

std::string to_mermaid(const validated_graph& graph) {
  std::string out = "flowchart LR\n";
  for (std::size_t i = 0; i < graph.actors().size(); ++i) {
    const auto& actor = graph.actors()[i];
    auto note = remark(actor);
    out += "  " + node_id(i) + "[\"" + actor.name + "<br/>" + actor.type->name
           + (note.empty() ? "" : " " + escaped(note, "#quot;")) + "\"]\n";
  }
  for (const auto& edge : graph.edges())
    out += "  " + node_id(edge.from) + (edge.back() ? " -. \"" : " -- \"")
           + edge_label(graph, edge) + (edge.back() ? "\" .-> " : "\" --> ")
           + node_id(edge.to) + "\n";
  return out;
}

std::string to_dot(const validated_graph& graph) {
  std::string out = "digraph \"" + std::string(graph.name())
                    + "\" {\n"
                      "  rankdir=LR;\n"
                      "  node [shape=box, style=rounded, "
                      "fontname=\"sans-serif\"];\n"
                      "  edge [fontname=\"sans-serif\", fontsize=10];\n";
  for (std::size_t i = 0; i < graph.actors().size(); ++i) {
    const auto& actor = graph.actors()[i];
    auto note = remark(actor);
    out += "  " + node_id(i) + " [label=\"" + actor.name + "\\n"
           + actor.type->name
           + (note.empty() ? "" : " " + escaped(note, "\\\"")) + "\"];\n";
  }
  for (const auto& edge : graph.edges())
    out += "  " + node_id(edge.from) + " -> " + node_id(edge.to) + " [label=\""
           + edge_label(graph, edge) + "\""
           + (edge.back() ? ", style=dashed, constraint=false" : "") + "];\n";
  return out + "}\n";
}

std::string to_text(const validated_graph& graph) {
  std::size_t names = 0, kinds = 0, labels = 0;
  auto kind_of = [&](const graph_actor& actor) {
    auto note = remark(actor);
    return actor.type->name + (note.empty() ? "" : " " + note);
  };
  for (const auto& actor : graph.actors()) {
    names = std::max(names, actor.name.size());
    kinds = std::max(kinds, kind_of(actor).size());
  }
  for (const auto& edge : graph.edges())
    labels = std::max(labels, edge_label(graph, edge).size());
  auto out = std::string(graph.name()) + "\n";
  for (std::size_t i = 0; i < graph.actors().size(); ++i) {
    const auto& actor = graph.actors()[i];
    auto begin = "  " + padded(actor.name, names) + "  "
                 + padded(kind_of(actor), kinds) + "  ";
    for (const auto& edge : graph.edges()) {
      if (edge.from != i)
        continue;
      auto label = edge_label(graph, edge);
      out += begin + "--" + label + std::string(labels - label.size(), '-')
             + "-> " + graph.actors()[edge.to].name
             + (edge.back() ? "  (back: closes the request)" : "") + "\n";
      begin = std::string(begin.size(), ' ');
    }
  }
  return out;
}

} // namespace sluice::graph
