// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Makes the actors of a graph behind its gateway, from the last one of the flow
// to the first, so that each knows its neighbour when it begins. Used by
// running_graph.
#pragma once

#include "actors/host/edge_tee.hpp"
#include "actors/messages.hpp"
#include "actors/runtime/metrics.hpp"
#include "actors/runtime/model_assets.hpp"
#include "actors/runtime/readiness.hpp"
#include "device/cpu/thread_pool.hpp"
#include "graph/build/running_graph.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::graph {

/// What actors share; outlives the actor system.
struct shared_parts {
  actors::metrics figures;
  actors::readiness loads;
  std::vector<std::unique_ptr<device::thread_pool>> pools;
};

class assembly {
public:
  assembly(const validated_graph& graph, const run_options& options,
           caf::actor_system& system, shared_parts& parts);

  /// Opens every model file once. Throws device::model_error, also when models
  /// that share a flow have different vocabularies.
  void open_models();

  /// Spawns everything behind the gateway, which takes text as `door`; weights
  /// load in the background. Returns where requests go.
  actors::request_sink spawn(actors::text_sink door);

  /// What was spawned, along the flow: the order in which to stop.
  std::vector<caf::actor> spawned() const;

  /// What stands for the actor at an edge's end, once it is spawned.
  const caf::actor& edge(std::size_t index) const { return edges_[index]; }

  /// The model actors: where block books are asked for.
  std::vector<actors::model_actor> models() const;

  /// The model whose tokenizer and template the gateway shows; null in a graph
  /// without models.
  const actors::model_assets_ptr& front_model() const;
  /// Tokens of prompt and answer that every model takes.
  std::uint32_t context() const;

private:
  void check_vocabularies() const;
  void spawn_one(std::size_t actor);
  /// Whether text comes back to the actor, from those that it sends to.
  bool is_turn(std::size_t actor) const;
  void spawn_turns();
  void wire_turns();
  void spawn_model(std::size_t actor, schema::ModelActor::Reader settings);
  void spawn_router(std::size_t actor, schema::Router::Reader settings);
  void spawn_declared(std::size_t actor);
  void join(std::size_t actor); ///< makes the edges that lead to it
  device::thread_pool& pool_for(std::uint32_t threads);
  std::vector<caf::actor> nexts(std::size_t actor) const; ///< [outputs]
  /// The handle that `output` of `actor` leads to.
  const caf::actor& next(std::size_t actor, std::string_view output) const;
  const actors::model_assets_ptr& assets(std::string_view model) const;
  /// What figures and messages call the model of this actor: by its own name,
  /// and the actor's where several actors run it.
  std::string model_name(std::size_t actor) const;
  std::function<double()> meter_of(std::string_view actor) const;

  const validated_graph& graph_;
  const run_options& options_;
  caf::actor_system& system_;
  shared_parts& parts_;
  device::thread_pool* common_pool_ = nullptr;
  std::map<std::string, actors::model_assets_ptr, std::less<>> models_;
  actors::model_assets_ptr front_;  ///< null without models
  std::vector<caf::actor> handles_; ///< by actor; empty until spawned
  std::vector<caf::actor> edges_;   ///< by edge; empty until its end is spawned
  std::vector<std::size_t> order_;  ///< along the flow, the gateway left out
};

} // namespace sluice::graph
