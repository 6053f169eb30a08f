// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An explanation as text of 80 columns, and as JSON.
#include "graph/place/explanation.hpp"
#include "graph/place/rule_texts.hpp"
#include "graph/schema/indented_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdio>

namespace sluice::graph {

namespace json = boost::json;

namespace {

constexpr std::size_t columns = 80;

/// Breaks between words; lines after the first begin with `indent`.
std::string wrapped(const std::string& text, const std::string& indent) {
  std::string out;
  std::size_t column = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, end - at);
    if (column != 0 && column + 1 + word.size() > columns) {
      out += "\n" + indent;
      column = indent.size();
    } else if (column != 0 || at != 0) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    at = end + 1;
  }
  return out + "\n";
}

std::string place_of(const location& where) {
  if (where.line == 0)
    return {};
  return " (" + where.file + ":" + std::to_string(where.line) + ":"
         + std::to_string(where.column) + ")";
}

std::string names_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 4;
  if (names.size() <= shown)
    return listed(names);
  return listed({names.begin(), names.begin() + shown - 1}) + " and "
         + std::to_string(names.size() - shown + 1) + " more";
}

std::string layers_of(const placed_unit& unit) {
  if (unit.who.role != unit_role::shard)
    return {};
  return ", layers " + std::to_string(unit.layers.first) + " to "
         + std::to_string(unit.layers.last - 1);
}

std::string unit_line(const explained_unit& one) {
  const auto& unit = one.unit;
  auto out = unit.name + " on " + unit.node;
  if (unit.gpu)
    out += " (GPU " + std::to_string(*unit.gpu) + ")";
  out += layers_of(unit);
  if (unit.memory != 0)
    out += ", " + written_bytes(unit.memory);
  if (unit.phase != work_phase::both)
    out += ", " + std::string(name(unit.phase)) + " only";
  if (one.rejected.empty())
    return out;
  return out
         + (one.allowed == 1
                ? ": no other node is allowed"
                : ": the best of " + std::to_string(one.allowed) + " nodes");
}

std::string units_text(const explanation& value) {
  std::string out;
  for (const auto& one : value.units) {
    out += wrapped(unit_line(one), "    ");
    for (const auto& no : one.rejected)
      out += wrapped("    not " + names_of(no.nodes) + ": " + no.why
                         + place_of(no.where),
                     "        ");
  }
  return out;
}

std::string nodes_text(const explanation& value) {
  std::string out;
  std::size_t idle = 0;
  for (const auto& node : value.nodes) {
    if (node.units == 0) {
      ++idle;
      continue;
    }
    auto line = node.name;
    if (!node.zone.empty())
      line += " in " + node.zone;
    line += ": " + std::to_string(node.units)
            + (node.units == 1 ? " unit, " : " units, ")
            + written_bytes(node.used) + " of "
            + (node.free ? written_bytes(*node.free) : "unknown memory");
    if (node.gpus != 0)
      line += ", " + std::to_string(node.gpus_used) + " of "
              + std::to_string(node.gpus) + " GPUs with "
              + written_bytes(node.gpu_bytes);
    out += wrapped(line, "    ");
  }
  if (idle != 0)
    out += std::to_string(idle) + (idle == 1 ? " node is" : " nodes are")
           + " not used\n";
  return out;
}

std::string sums_text(const explanation& value) {
  const auto& made = value.made;
  char text[160];
  std::snprintf(text, sizeof text,
                "Between nodes of a zone: %.0f bytes per token; between zones: "
                "%.0f\n",
                made.node_bytes, made.zone_bytes);
  std::string out = text;
  const auto& cost = made.cost;
  std::snprintf(text, sizeof text,
                "%.4g ms per token: bottleneck %.3g, balance %.3g, traffic "
                "%.3g, price %.3g, wishes %.3g, moves %.3g",
                cost.sum(), cost.bottleneck, cost.balance, cost.traffic,
                cost.price, cost.wishes, cost.moves);
  out += wrapped("Cost " + std::string(text), "    ");
  if (!made.best)
    out += "The search was cut short: there may be a cheaper placement.\n";
  return out;
}

json::object cost_json(const place_cost& cost) {
  return {{"sum", cost.sum()},       {"bottleneck", cost.bottleneck},
          {"balance", cost.balance}, {"traffic", cost.traffic},
          {"price", cost.price},     {"wishes", cost.wishes},
          {"moves", cost.moves}};
}

json::array strings(const std::vector<std::string>& items) {
  return json::array(items.begin(), items.end());
}

json::object rejection_json(const rejection& no) {
  json::object out{{"nodes", strings(no.nodes)}, {"why", no.why}};
  if (no.where.line != 0)
    out["rule"] = {{"file", no.where.file},
                   {"line", no.where.line},
                   {"column", no.where.column}};
  if (no.more)
    out["cost_more"] = cost_json(*no.more);
  return out;
}

json::object unit_json(const explained_unit& one) {
  const auto& unit = one.unit;
  json::object out{{"name", unit.name},
                   {"actor", unit.who.actor},
                   {"replica", unit.who.replica},
                   {"node", unit.node},
                   {"memory", unit.memory}};
  if (unit.who.role == unit_role::shard) {
    out["stage"] = unit.who.stage;
    out["rank"] = unit.who.rank;
    out["expert"] = unit.who.expert;
    out["layers"] = json::array{unit.layers.first, unit.layers.last};
  }
  if (unit.gpu)
    out["gpu"] = *unit.gpu;
  if (unit.phase != work_phase::both)
    out["phase"] = name(unit.phase);
  json::array rejected;
  for (const auto& no : one.rejected)
    rejected.push_back(rejection_json(no));
  out["rejected"] = std::move(rejected);
  return out;
}

json::object node_json(const explained_node& node) {
  json::object out{{"name", node.name},          {"zone", node.zone},
                   {"units", node.units},        {"used", node.used},
                   {"gpus", node.gpus},          {"gpus_used", node.gpus_used},
                   {"gpu_bytes", node.gpu_bytes}};
  out["free"] = node.free ? json::value(*node.free) : json::value(nullptr);
  return out;
}

} // namespace

std::string to_text(const explanation& value) {
  auto out = value.graph + " under " + value.placement + "\n";
  if (value.made.one_process)
    out += wrapped("No node is known: everything runs in this process, and the "
                   "rules about zones and nodes do not hold.",
                   "");
  out += "\n" + units_text(value) + "\n" + nodes_text(value) + "\n";
  for (const auto& one : value.scales)
    out += one.actor + ": " + std::to_string(one.now) + " of up to "
           + std::to_string(one.allowed.max) + " copies now\n";
  return out + sums_text(value);
}

std::string to_json(const explanation& value) {
  json::object out{{"graph", value.graph},
                   {"placement", value.placement},
                   {"one_process", value.made.one_process},
                   {"best", value.made.best}};
  json::array units, nodes, scales;
  for (const auto& one : value.units)
    units.push_back(unit_json(one));
  for (const auto& node : value.nodes)
    nodes.push_back(node_json(node));
  for (const auto& one : value.scales)
    scales.push_back({{"actor", one.actor},
                      {"now", one.now},
                      {"min", one.allowed.min},
                      {"max", one.allowed.max}});
  out["units"] = std::move(units);
  out["nodes"] = std::move(nodes);
  out["scales"] = std::move(scales);
  out["bytes_per_token"] = {{"within_zones", value.made.node_bytes},
                            {"between_zones", value.made.zone_bytes}};
  out["cost_ms"] = cost_json(value.made.cost);
  return indented(out);
}

} // namespace sluice::graph
