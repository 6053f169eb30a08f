// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What kinds of actors there are, and the typed ports of each. Filled in one
// place (built_in_kinds) and handed down; validation and drawings read it.
#pragma once

#include "graph/kinds/declared_setting.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::graph {

/// What an edge carries (actors/messages.hpp).
enum class message_type : std::uint8_t {
  request, ///< actors::request
  prompt,  ///< actors::prompt
  tokens,  ///< actors::generation, then actors::step_output
  text,    ///< actors::text_delta; closes the request at a door
};

std::string_view name(message_type type) noexcept;

struct port {
  std::string name;
  message_type type;
};

/// A kind of actor. The settings of a built-in kind are the member of the same
/// name in Actor.kind of graph.capnp; a host's own kind declares them.
struct kind {
  std::string name;
  std::vector<port> inputs;
  std::vector<port> outputs;
  /// The graph names the outputs ("pick.home"); outputs[0] gives their type.
  bool names_outputs = false;
  /// Requests enter the graph here, and text leaves.
  bool is_door = false;
  /// Of a kind that the host program brings; empty for built-in ones.
  std::optional<std::vector<declared_setting>> declared = {};
};

class kind_registry {
public:
  /// The name must be new.
  void add(kind value);
  const auto& all() const noexcept { return kinds_; }
  const kind* find(std::string_view name) const;
  std::vector<std::string> names() const;

private:
  std::map<std::string, kind, std::less<>> kinds_;
};

/// gateway, preprocess, router, model, postprocess and cache.
kind_registry built_in_kinds();

} // namespace sluice::graph
