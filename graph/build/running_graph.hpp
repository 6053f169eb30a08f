// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A validated graph at work in this process: actors, threads and the open port.
// Programs and hosts make one and stop it; what happens inside is the actors'.
#pragma once

#include "actors/runtime/readiness.hpp"
#include "graph/place/validated_placement.hpp"
#include "graph/validate/validated_graph.hpp"
#include "transport/address.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spdlog {
class logger;
} // namespace spdlog

namespace sluice::graph {

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
  /// Where it listens, with the port the system chose.
  transport::address listening() const;

  /// Waits until every model is ready or one failed, at most `patience`.
  /// Returns whether requests are answered.
  bool wait_ready(std::chrono::milliseconds patience) const;
  bool ready() const { return wait_ready(std::chrono::milliseconds{0}); }
  /// Why it will never be ready; empty while it may.
  std::string failure() const;

  /// Takes no more requests, lets those under way end within the drain time,
  /// then stops the actors along the flow and joins their threads. Later calls
  /// return the first one's report.
  stop_report stop();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::graph
