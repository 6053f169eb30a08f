// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/graph_files.hpp"

#include "graph/default_graph.hpp"

#include <filesystem>
#include <utility>

namespace sluice::apps {

namespace {

template <class T>
T value_of(graph::loaded<T> from) {
  if (!from)
    throw wrong_file{from.mistakes};
  return std::move(*from.value);
}

std::string text_of(const graph::diagnostics& mistakes) {
  auto text = to_string(mistakes);
  while (text.ends_with('\n'))
    text.pop_back();
  return text;
}

} // namespace

wrong_file::wrong_file(const graph::diagnostics& mistakes)
    : std::runtime_error{text_of(mistakes)} {}

graph::validated_graph load_graph_or_model(const std::string& path) {
  const auto extension = std::filesystem::path{path}.extension();
  if (extension == ".yaml" || extension == ".yml")
    return value_of(graph::load_graph(path));
  return value_of(graph::default_graph(path));
}

graph::validated_placement load_placement(const std::string& path,
                                          const graph::validated_graph& graph) {
  return value_of(graph::load_placement(path, graph));
}

graph::validated_cluster load_cluster(const std::string& path) {
  return value_of(graph::load_cluster(path));
}

} // namespace sluice::apps
