// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/kinds/kind_registry.hpp"

namespace sluice::graph {

kind_registry built_in_kinds() {
  using enum message_type;
  kind_registry out;
  out.add({"gateway", {{"text", text}}, {{"request", request}}, false, true});
  out.add({"preprocess", {{"request", request}}, {{"prompt", prompt}}});
  out.add({"router", {{"prompt", prompt}}, {{"prompt", prompt}}, true});
  out.add({"model", {{"prompt", prompt}}, {{"tokens", tokens}}});
  out.add({"postprocess", {{"tokens", tokens}}, {{"text", text}}});
  out.add({"cache",
           {{"request", request}, {"text", text}},
           {{"request", request}, {"text", text}}});
  return out;
}

} // namespace sluice::graph
