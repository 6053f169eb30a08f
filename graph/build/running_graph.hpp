// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A validated graph at work in this process: actors, threads and the open port.
// Programs and hosts make one and stop it; what happens inside is the actors'.
#pragma once

#include "actors/host/edge_message.hpp"
#include "actors/host/edge_tee.hpp"
#include "actors/host/host_actor.hpp"
#include "actors/host/host_door.hpp"
#include "actors/runtime/model_assets.hpp"
#include "actors/runtime/readiness.hpp"
#include "graph/place/validated_placement.hpp"
#include "graph/validate/validated_graph.hpp"
#include "transport/address.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spdlog {
class logger;
} // namespace spdlog

namespace sluice::graph {

/// Makes the object behind an actor of a host's own kind. May throw; the text
/// becomes the graph's failure.
using object_maker = std::function<std::unique_ptr<actors::host_object>(
    const graph_actor& actor, std::shared_ptr<actors::host_outputs> out)>;

struct run_options {
  unsigned threads = 0; ///< that compute; 0: every core this process may use
  std::optional<std::string> listen; ///< instead of the gateway's own address
  /// Only degrees are taken from it: one process has one place.
  std::optional<validated_placement> placement;
  std::chrono::milliseconds drain{10'000}; ///< for answers under way, at stop
  /// How far each model is; called from another thread while they load, and a
  /// last time when they are ready or failed.
  std::function<void(const std::vector<actors::model_load>&)> progress;
  std::shared_ptr<spdlog::logger> log; ///< null: silent
  bool serve = true;                   ///< false: the gateway's port stays shut
  /// Of every kind with declared settings, by its name.
  std::map<std::string, object_maker, std::less<>> makers = {};
  std::size_t max_host_requests = 1024; ///< in flight; more are refused
};

/// How a graph ended.
struct stop_report {
  std::uint32_t given_up = 0; ///< HTTP requests that drained too slowly
  std::uint32_t killed = 0;   ///< actors that did not stop in time
  /// What is wrong with the models' block books; "" if every block was free.
  std::string books;

  bool clean() const noexcept { return killed == 0 && books.empty(); }
};

class running_graph {
public:
  /// Listens, and returns while models load in the background: until they are
  /// ready, /health and every request get 503. Throws
  /// transport::http::http_error when it cannot listen, and
  /// device::model_error when the options do not fit the graph.
  explicit running_graph(validated_graph graph, run_options options = {});
  /// stop().
  ~running_graph();
  running_graph(const running_graph&) = delete;
  running_graph& operator=(const running_graph&) = delete;

  const validated_graph& graph() const noexcept;
  /// Whether a gateway's port is open.
  bool serves() const noexcept;
  /// Where it listens, with the port the system chose. Only if serves().
  transport::address listening() const;

  /// Waits until every model is ready or one failed, at most `patience`.
  /// Returns whether requests are answered.
  bool wait_ready(std::chrono::milliseconds patience) const;
  bool ready() const { return wait_ready(std::chrono::milliseconds{0}); }
  /// Why it will never be ready; empty while it may.
  std::string failure() const;

  /// Waits until requests can be submitted, if only to wait for weights that
  /// are still on their way, at most `patience`.
  bool wait_built(std::chrono::milliseconds patience) const;
  /// Whether the models are open and every edge exists.
  bool is_built() const;
  std::vector<actors::model_load> loads() const;
  /// Of the gateway's front model; null before it is opened, and in a graph
  /// without models.
  actors::model_assets_ptr front_model() const;
  std::string prometheus() const;

  /// Asks the graph; ids are the host's, from first_host_id on, and never used
  /// twice. Without an edge, at the beginning of the flow. What stands in the
  /// way comes to `show` too.
  void submit(actors::edge_message what, actors::instant deadline,
              actors::delta_sink show, std::optional<std::size_t> edge = {});
  void cancel(actors::request_id id);
  std::size_t host_requests() const noexcept; ///< in flight

  /// Waits until the edges exist; throws device::model_error if they never
  /// will. `edge` is an index into graph().edges().
  void inject(std::size_t edge, actors::edge_message what);
  std::shared_ptr<actors::edge_tap> tap(std::size_t edge,
                                        actors::edge_tap::watcher show);
  void untap(std::size_t edge, const std::shared_ptr<actors::edge_tap>& tap);

  /// Takes no more requests and waits for those under way. Returns how many
  /// were given up after `patience`.
  std::uint32_t drain(std::chrono::milliseconds patience);

  /// Takes no more requests, lets those under way end within the drain time,
  /// then stops the actors along the flow and joins their threads. Later calls
  /// return the first one's report.
  stop_report stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::graph
