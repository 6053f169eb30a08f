// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/names.hpp"
#include "graph/validate/steps.hpp"
#include "graph/yaml/nearest.hpp"
#include "graph/yaml/shorthand.hpp"

#include <algorithm>

namespace sluice::graph {

namespace {

std::string end_name(const std::string& actor, const std::string& port) {
  return in_quotes(actor + "." + port);
}

std::vector<std::string> port_names(const std::vector<port>& ports) {
  std::vector<std::string> out;
  for (const auto& port : ports)
    out.push_back(port.name);
  return out;
}

std::string type_names(const std::vector<port>& ports) {
  std::string out;
  for (const auto& port : ports)
    out += (out.empty() ? "" : " or ") + std::string(name(port.type));
  return out;
}

const port* find_port(const std::vector<port>& ports, std::string_view name) {
  auto found = std::find_if(ports.begin(), ports.end(),
                            [&](const port& p) { return p.name == name; });
  return found == ports.end() ? nullptr : &*found;
}

/// Whether such an edge leads back to where requests came from: to a door, or
/// to an actor that passes requests on and takes their text.
bool leads_back(message_type type, const kind& target) {
  return type == message_type::text
         && (target.is_door
             || std::ranges::count(target.outputs, message_type::request,
                                   &port::type)
                    > 0);
}

/// Reads one chain into edges.
class chain {
public:
  chain(graph_draft& draft, std::string at, diagnostics& found)
      : draft_(draft), at_(std::move(at)), found_(found) {}

  void read(std::string_view text) {
    auto parsed = parse_flow(text);
    if (auto* error = std::get_if<shorthand_error>(&parsed)) {
      tell(error->offset, error->text);
      return;
    }
    const auto& steps = std::get<std::vector<flow_step>>(parsed);
    std::vector<std::optional<std::size_t>> actors;
    for (const auto& step : steps)
      actors.push_back(find(step));
    for (std::size_t i = 0; i + 1 < steps.size(); ++i)
      if (actors[i] && actors[i + 1])
        join(steps[i], *actors[i], steps[i + 1], *actors[i + 1],
             i + 2 == steps.size());
  }

private:
  location at(std::size_t offset) const {
    auto where = draft_.at(at_);
    where.column += static_cast<std::uint32_t>(offset);
    return where;
  }

  void tell(std::size_t offset, std::string text) {
    found_.push_back({at(offset), std::move(text)});
  }

  std::optional<std::size_t> find(const flow_step& step) {
    auto index = draft_.find_actor(step.actor);
    if (!index) {
      std::vector<std::string> known;
      for (const auto& actor : draft_.actors)
        known.push_back(actor.name);
      tell(step.offset,
           "unknown actor " + in_quotes(step.actor) + hint(step.actor, known));
      return std::nullopt;
    }
    if (!draft_.actors[*index].type)
      return std::nullopt;
    return index;
  }

  /// The outputs that `step` may leave by; none after a mistake.
  std::vector<port> outputs_of(const flow_step& step, const kind& type) {
    if (type.outputs.empty()) {
      tell(step.offset, in_quotes(step.actor) + " has no output");
      return {};
    }
    if (type.names_outputs) {
      if (!step.port.empty() && is_name(step.port))
        return {{step.port, type.outputs.front().type}};
      tell(step.offset, in_quotes(step.actor) + " is a " + type.name
                            + ": name the output, as in '" + step.actor
                            + ".home -> ...'");
      return {};
    }
    return possible_ports(step, type.outputs, "output");
  }

  /// The named port, or all of them where none is named.
  std::vector<port> possible_ports(const flow_step& step,
                                   const std::vector<port>& ports,
                                   const std::string& what) {
    if (step.port.empty() && !ports.empty())
      return ports;
    if (const auto* found = find_port(ports, step.port))
      return {*found};
    tell(step.offset, in_quotes(step.actor) + " has no " + what + " "
                          + in_quotes(step.port)
                          + hint(step.port, port_names(ports)));
    return {};
  }

  void join(const flow_step& from, std::size_t source, const flow_step& to,
            std::size_t target, bool last) {
    auto outputs = outputs_of(from, *draft_.actors[source].type);
    // Within a chain, "pick.home" names the output that goes on.
    auto end = to;
    if (!last)
      end.port.clear();
    auto inputs =
        possible_ports(end, draft_.actors[target].type->inputs, "input");
    if (outputs.empty() || inputs.empty())
      return;
    // Where an end is not named, the types decide.
    std::vector<graph_edge> fitting;
    for (const auto& output : outputs)
      for (const auto& input : inputs)
        if (output.type == input.type)
          fitting.push_back(
              {source, output.name, target, input.name, output.type,
               at(from.offset),
               leads_back(output.type, *draft_.actors[target].type)});
    if (fitting.size() == 1)
      add(std::move(fitting.front()));
    else if (fitting.empty())
      tell(from.offset, no_fit(from, outputs, to, inputs));
    else
      tell(from.offset, "more than one edge fits from " + in_quotes(from.actor)
                            + " to " + in_quotes(to.actor)
                            + ": name the output, as in '" + from.actor + "."
                            + fitting.front().output + " -> " + to.actor + "'");
  }

  static std::string no_fit(const flow_step& from,
                            const std::vector<port>& outputs,
                            const flow_step& to,
                            const std::vector<port>& inputs) {
    if (outputs.size() == 1 && inputs.size() == 1)
      return "output " + end_name(from.actor, outputs.front().name) + " gives "
             + std::string(name(outputs.front().type)) + ", but input "
             + end_name(to.actor, inputs.front().name) + " takes "
             + std::string(name(inputs.front().type));
    return in_quotes(from.actor) + " gives " + type_names(outputs) + ", but "
           + in_quotes(to.actor) + " takes " + type_names(inputs);
  }

  void add(graph_edge edge) {
    for (const auto& other : draft_.edges)
      if (other.from == edge.from && other.output == edge.output) {
        auto from = end_name(draft_.actors[edge.from].name, edge.output);
        found_.push_back(
            {edge.where, "output " + from + " already leads to "
                             + in_quotes(draft_.actors[other.to].name)
                             + " in line " + std::to_string(other.where.line)
                             + "; an output feeds one actor, and a router "
                               "chooses among several"});
        return;
      }
    draft_.edges.push_back(std::move(edge));
  }

  graph_draft& draft_;
  std::string at_;
  diagnostics& found_;
};

} // namespace

void connect(graph_draft& draft, diagnostics& found) {
  std::size_t i = 0;
  for (auto text : draft.config.root().getFlow())
    chain(draft, element("flow", i++), found).read(text.cStr());
}

} // namespace sluice::graph
