// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

constexpr auto host_name = "host";

struct open_end {
  std::size_t actor;
  std::string port;
};

/// Inputs for requests that nothing feeds.
std::vector<open_end> open_inputs(const graph_draft& draft) {
  std::vector<open_end> out;
  for (std::size_t i = 0; i < draft.actors.size(); ++i)
    for (const auto& input : draft.actors[i].type->inputs)
      if (input.type == message_type::request
          && std::ranges::none_of(draft.edges, [&](const graph_edge& edge) {
               return edge.to == i && edge.input == input.name;
             }))
        out.push_back({i, input.name});
  return out;
}

/// Outputs for text that lead nowhere.
std::vector<open_end> open_outputs(const graph_draft& draft) {
  std::vector<open_end> out;
  for (std::size_t i = 0; i < draft.actors.size(); ++i)
    for (const auto& output : draft.actors[i].type->outputs)
      if (output.type == message_type::text
          && std::ranges::none_of(draft.edges, [&](const graph_edge& edge) {
               return edge.from == i && edge.output == output.name;
             }))
        out.push_back({i, output.name});
  return out;
}

bool known(const graph_draft& draft) {
  return !draft.actors.empty()
         && std::ranges::all_of(draft.actors,
                                [](const auto& one) { return one.type; });
}

} // namespace

void connect_host(graph_draft& draft, const validate_options& options,
                  diagnostics& found) {
  // With mistakes so far, open ends may only be edges that were refused.
  if (!options.embedded || !known(draft) || !found.empty()
      || std::ranges::any_of(draft.actors,
                             [](const auto& one) { return one.type->is_door; }))
    return;
  const auto inputs = open_inputs(draft);
  const auto outputs = open_outputs(draft);
  const auto where = draft.at("actors");
  if (const auto taken = draft.find_actor(host_name)) {
    found.push_back({draft.actors[*taken].where,
                     "in a graph without a gateway, 'host' is the program "
                     "itself: give this actor another name"});
    return;
  }
  if (inputs.size() != 1 || outputs.empty()) {
    std::string text = "without a gateway, requests enter at the one open "
                       "input for them, and text leaves by open outputs; here ";
    text += inputs.empty()       ? "no input for requests is open"
            : inputs.size() == 1 ? "no output of text is open"
                                 : "several inputs are open:";
    if (inputs.size() > 1)
      for (const auto& one : inputs)
        text += " " + in_quotes(draft.actors[one.actor].name + "." + one.port);
    found.push_back({where, text});
    return;
  }
  const auto host = draft.actors.size();
  draft.actors.push_back(
      {host_name, draft.kinds->find(host_name), {}, "host", where});
  draft.edges.push_back({host, "request", inputs[0].actor, inputs[0].port,
                         message_type::request, where});
  for (const auto& one : outputs)
    draft.edges.push_back(
        {one.actor, one.port, host, "text", message_type::text, where, true});
}

} // namespace sluice::graph
