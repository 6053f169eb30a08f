// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/load.hpp"

#include "graph/yaml/tree.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace sluice::graph {

namespace {

/// The file's text; empty, with a diagnostic, if it cannot be read.
std::optional<std::string> read_text(const std::filesystem::path& file,
                                     diagnostics& found) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    found.push_back(
        {location{file.string(), 0, 0}, "this is a folder, not a file"});
    return std::nullopt;
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    found.push_back(
        {location{file.string(), 0, 0},
         "cannot be opened: " + std::generic_category().message(errno)});
    return std::nullopt;
  }
  // One byte more than allowed is enough to refuse the rest.
  std::string text(yaml::limits{}.bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

} // namespace

loaded<validated_graph> parse_graph(std::string_view text,
                                    const std::string& file,
                                    const validate_options& options,
                                    const kind_registry& kinds) {
  loaded<validated_graph> out;
  if (auto config = read_graph(text, file, out.mistakes, kinds))
    out.value = validate(std::move(*config), kinds, options, out.mistakes);
  return out;
}

loaded<validated_placement> parse_placement(std::string_view text,
                                            const std::string& file,
                                            const validated_graph& graph) {
  loaded<validated_placement> out;
  if (auto config = read_placement(text, file, out.mistakes))
    out.value = validate(*config, graph, out.mistakes);
  return out;
}

loaded<validated_cluster> parse_cluster(std::string_view text,
                                        const std::string& file) {
  loaded<validated_cluster> out;
  if (auto config = read_cluster(text, file, out.mistakes))
    out.value = validate(*config, out.mistakes);
  return out;
}

loaded<validated_graph> load_graph(const std::filesystem::path& file,
                                   const validate_options& options,
                                   const kind_registry& kinds) {
  loaded<validated_graph> out;
  if (auto text = read_text(file, out.mistakes))
    out = parse_graph(*text, file.string(), options, kinds);
  return out;
}

loaded<validated_placement> load_placement(const std::filesystem::path& file,
                                           const validated_graph& graph) {
  loaded<validated_placement> out;
  if (auto text = read_text(file, out.mistakes))
    out = parse_placement(*text, file.string(), graph);
  return out;
}

loaded<validated_cluster> load_cluster(const std::filesystem::path& file) {
  loaded<validated_cluster> out;
  if (auto text = read_text(file, out.mistakes))
    out = parse_cluster(*text, file.string());
  return out;
}

} // namespace sluice::graph
