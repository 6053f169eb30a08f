// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The graph that serves a bare model file: `sluice run model.gguf` needs no
// YAML. The same text as examples/chat.yaml, so that it is no special case.
#pragma once

#include "graph/load.hpp"

#include <filesystem>
#include <string>

namespace sluice::graph {

/// Gateway at `listen`, preprocess, model, postprocess. The model is called as
/// its file is, without extension. Mistakes carry no line: there is no file.
loaded<validated_graph>
default_graph(const std::filesystem::path& model,
              const std::string& listen = "127.0.0.1:8080");

} // namespace sluice::graph
