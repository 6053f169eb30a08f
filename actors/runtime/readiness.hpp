// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which models have loaded and how far the others are. Whoever builds the graph
// makes one and hands it down: models write, the gateway's /health and the
// program's progress bar read. Thread-safe; knows no actor.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace sluice::actors {

/// How far one model is.
struct model_load {
  enum class phase : std::uint8_t { loading, ready, failed };
  std::string name;
  phase state = phase::loading;
  std::uint64_t done = 0;  ///< bytes
  std::uint64_t total = 0; ///< bytes; 0 until known
  std::string error;       ///< with phase::failed
};

class readiness {
public:
  /// Announces a model; the returned slot names it from now on.
  std::size_t add(std::string model);
  void progress(std::size_t slot, std::uint64_t done, std::uint64_t total);
  void ready(std::size_t slot);
  void failed(std::size_t slot, std::string error);

  std::vector<model_load> snapshot() const;
  /// All announced models are ready.
  bool all_ready() const;
  /// Waits until no model is loading, at most `patience`; then all_ready.
  bool wait(std::chrono::milliseconds patience) const;

private:
  bool settled() const;  // with the mutex held
  bool complete() const; // with the mutex held

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<model_load> models_;
};

} // namespace sluice::actors
