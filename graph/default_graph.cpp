// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/default_graph.hpp"

#include "graph/names.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

namespace sluice::graph {

namespace {

/// A YAML scalar for any text: JSON's strings are YAML's.
std::string scalar(const std::string& text) {
  return boost::json::serialize(boost::json::string(text));
}

std::string model_name(const std::filesystem::path& model) {
  auto path = std::filesystem::path(model.lexically_normal());
  if (!path.has_filename())
    path = path.parent_path();
  auto name = path.extension() == ".gguf" ? path.stem().string()
                                          : path.filename().string();
  for (char& c : name)
    if (!is_model_name(std::string("a") + c))
      c = '-';
  name = name.substr(0, 63);
  return is_model_name(name) ? name : "model";
}

} // namespace

loaded<validated_graph> default_graph(const std::filesystem::path& model,
                                      const std::string& listen) {
  const auto name = scalar(model_name(model));
  auto path = std::filesystem::absolute(model).lexically_normal().string();
  const auto text = "graph: chat\n"
                    "models:\n"
                    "  "
                    + name + ": {path: " + scalar(path)
                    + "}\n"
                      "actors:\n"
                      "  door: {kind: gateway, listen: "
                    + scalar(listen)
                    + "}\n"
                      "  prep: {kind: preprocess, model: "
                    + name
                    + "}\n"
                      "  home: {kind: model, model: "
                    + name
                    + "}\n"
                      "  done: {kind: postprocess, model: "
                    + name
                    + "}\n"
                      "flow:\n"
                      "  - door -> prep -> home -> done\n"
                      "  - done -> door\n";
  auto out = parse_graph(text, "");
  for (auto& mistake : out.mistakes)
    mistake.where = {};
  return out;
}

} // namespace sluice::graph
