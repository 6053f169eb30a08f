// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A graph or model file served by this process, with the progress bar and the
// log that a person at a terminal expects. Used by run, chat and ask.
#pragma once

#include "apps/sluice/progress_bar.hpp"
#include "graph/build/running_graph.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace sluice::apps {

struct serve_options {
  std::string path; ///< graph or model file
  std::string placement = {};
  std::string listen = {}; ///< replaces the graph's own address
  unsigned threads = 0;
  std::chrono::milliseconds drain{10'000}; ///< for answers in flight, at stop
  bool log_requests = false;
};

class served_graph {
public:
  /// Listens and begins to load. Throws what loading files and listening throw.
  served_graph(const serve_options& options, bool quiet);

  transport::address address() const;

  /// Returns once requests are taken. Throws std::runtime_error with the reason
  /// when a model cannot be loaded.
  void wait_until_ready();

  graph::stop_report stop();

private:
  void show(const std::vector<actors::model_load>& models);

  std::unique_ptr<progress_bar> bar_;
  std::unique_ptr<graph::running_graph> graph_;
};

} // namespace sluice::apps
