// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A small right graph that tests bend, and the mistakes of a bent one as text.
#pragma once

#include "graph/load.hpp"

#include <cassert>
#include <string>

namespace sluice::graph {

/// Lines are counted in messages: keep this text as it is.
inline const std::string right_graph = R"(graph: chat
models:
  m: {path: m.gguf}
actors:
  door: {kind: gateway}
  prep: {kind: preprocess, model: m}
  home: {kind: model, model: m}
  done: {kind: postprocess, model: m}
flow:
  - door -> prep -> home -> done
  - done -> door
)";

/// A right graph with a router.
inline const std::string right_router = R"(graph: chat
models:
  m: {path: m.gguf}
actors:
  door: {kind: gateway}
  prep: {kind: preprocess, model: m, label: {as: sensitive, find: pii}}
  pick:
    kind: router
    rules:
      - {when: {label: sensitive}, to: home}
      - {when: {load_of: home, above: 0.8}, to: away}
      - {to: home}
  home: {kind: model, model: m}
  away: {kind: model, model: m}
  done: {kind: postprocess, model: m}
flow:
  - door -> prep -> pick
  - pick.home -> home -> done
  - pick.away -> away -> done
  - done -> door
)";

/// A right graph with a cache.
inline const std::string cached_graph = R"(graph: chat
models:
  m: {path: m.gguf}
actors:
  door: {kind: gateway}
  memo: {kind: cache}
  prep: {kind: preprocess, model: m}
  home: {kind: model, model: m}
  done: {kind: postprocess, model: m}
flow:
  - door -> memo -> prep -> home -> done
  - done -> memo -> door
)";

/// A right placement of right_router.
inline const std::string right_placement = R"(placement: burst
zones: {edge: {}, rack: {}, cloud: {trust: public, price: 2.1/h}}
nodes: {n1: {zone: rack, cores: 8, memory: 32GiB, labels: fast}}
place:
  - {actor: [door, prep, pick, done], zone: edge}
  - {actor: home, zone: rack, pipeline: 2}
  - {actor: away, zone: cloud, replicas: 0..8}
keep:
  - {label: sensitive, inside: [edge, rack]}
)";

/// `text` with the first `from` replaced by `to`; `from` must be there.
inline std::string with(std::string text, const std::string& from,
                        const std::string& to) {
  auto at = text.find(from);
  assert(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// What is wrong with a graph, one mistake per line; "" if it is right.
inline std::string mistakes(const std::string& text) {
  auto result = parse_graph(text, "g.yaml", {.check_files = false});
  assert(result.value.has_value() == result.mistakes.empty());
  return to_string(result.mistakes);
}

/// What is wrong with a placement of right_router.
inline std::string placement_mistakes(const std::string& text,
                                      const std::string& graph = right_router) {
  auto base = parse_graph(graph, "g.yaml", {.check_files = false});
  assert(base.value);
  auto result = parse_placement(text, "p.yaml", *base.value);
  assert(result.value.has_value() == result.mistakes.empty());
  return to_string(result.mistakes);
}

} // namespace sluice::graph
