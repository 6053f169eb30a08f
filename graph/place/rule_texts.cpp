// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "graph/place/rule_texts.hpp"

#include "graph/yaml/nearest.hpp"

#include <array>
#include <cstdio>

namespace sluice::graph {

namespace {

std::string words_of(const node_choice& choice) {
  std::string out;
  auto add = [&](const char* what, const std::vector<std::string>& items) {
    if (!items.empty())
      out +=
          (out.empty() ? "" : " or ") + std::string(what) + " " + listed(items);
  };
  add("zone", choice.zones);
  add("node", choice.nodes);
  add("label", choice.labels);
  return out;
}

} // namespace

std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& item : items)
    out += (out.empty() ? "" : ", ") + item;
  return out;
}

std::string written_bytes(std::uint64_t bytes) {
  static constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t at = 0;
  while (value >= 1024 && at + 1 < units.size()) {
    value /= 1024;
    ++at;
  }
  char text[32];
  std::snprintf(text, sizeof text, at == 0 ? "%.0f %s" : "%.1f %s", value,
                units[at]);
  return text;
}

std::vector<std::tuple<rule_kind, const char*, std::string>>
rule_texts(const std::string& actor, const place_limits& limits) {
  std::vector<std::tuple<rule_kind, const char*, std::string>> out;
  const auto who = in_quotes(actor);
  out.emplace_back(rule_kind::zone, "zone",
                   who + " runs in zone " + listed(limits.zones));
  if (!limits.nodes.empty())
    out.emplace_back(rule_kind::node, "node",
                     who + " runs on node " + listed(limits.nodes));
  if (!limits.labels.empty())
    out.emplace_back(rule_kind::label, "label",
                     who + " runs on nodes with label "
                         + listed(limits.labels));
  if (limits.memory != 0)
    out.emplace_back(rule_kind::memory, "needs.memory",
                     who + " needs " + written_bytes(limits.memory) + " free");
  if (limits.cores != 0)
    out.emplace_back(rule_kind::cores, "needs.cores",
                     who + " needs " + std::to_string(limits.cores)
                         + " cores free");
  if (limits.device == schema::DeviceKind::CUDA)
    out.emplace_back(rule_kind::device, "needs.device",
                     who + " needs a cuda device for each part");
  if (const auto words = words_of(limits.never); !words.empty())
    out.emplace_back(rule_kind::never, "never",
                     who + " never runs in or on " + words);
  return out;
}

} // namespace sluice::graph
