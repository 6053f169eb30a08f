// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A graph or model file run by this process, with the progress bar and the log
// that a person at a terminal expects. Used by run, chat and ask, over the same
// interface that other host programs have.
#pragma once

#include "apps/sluice/progress_bar.hpp"
#include "sluice/runtime.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace sluice::apps {

struct serve_options {
  std::string path; ///< graph or model file
  std::string placement = {};
  bool serve = true;       ///< opens the gateway's port
  std::string listen = {}; ///< replaces the graph's own address
  unsigned threads = 0;
  std::chrono::milliseconds drain{10'000}; ///< for answers in flight, at stop
};

class served_graph {
public:
  /// Listens and begins to load. Throws sluice::error.
  served_graph(const serve_options& options, bool quiet);

  std::string address() const;
  sluice::runtime& runtime() noexcept { return graph_; }

  /// Returns once requests are taken. Throws std::runtime_error with the reason
  /// when a model cannot be loaded.
  void wait_until_ready();
  /// Returns once requests can be submitted, although their answers may have to
  /// wait for weights. Throws as wait_until_ready.
  void wait_until_accepting();
  /// Clears the progress bar's line.
  void end_progress();

  close_report stop() { return graph_.close(); }

private:
  std::unique_ptr<progress_bar> bar_;
  sluice::runtime graph_;
};

} // namespace sluice::apps
