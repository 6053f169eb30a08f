// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What stands behind sluice::runtime: one running graph and its options. All
// members may be called from any thread.
#pragma once

#include "graph/build/running_graph.hpp"
#include "sluice/runtime.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>

namespace sluice::apps {

class answer_queue;

class runtime_core : public std::enable_shared_from_this<runtime_core> {
public:
  /// Throws error.
  runtime_core(graph::validated_graph graph,
               std::optional<graph::validated_placement> placement,
               runtime_options options);

  std::shared_ptr<answer_queue> submit(const request& what);
  std::uint64_t submit(const request& what, delta_callback show);
  std::shared_ptr<answer_queue> inject(std::string_view edge, message what);
  void cancel(std::uint64_t id) noexcept;
  std::unique_ptr<tapped_edge> tap(std::string_view edge,
                                   std::function<void(const message&)> show);

  std::vector<std::string> edges() const;
  std::string name() const;
  runtime_status status() const;
  bool wait_ready(std::chrono::milliseconds patience) const;
  bool wait_accepting(std::chrono::milliseconds patience) const;
  std::string metrics() const;
  std::uint32_t drain(std::chrono::milliseconds patience);
  close_report close();

  void untap(std::size_t edge, const std::shared_ptr<actors::edge_tap>& tap);

private:
  using locked_graph =
      std::pair<std::shared_lock<std::shared_mutex>, graph::running_graph&>;
  locked_graph open_graph() const; ///< throws error, closed
  std::uint64_t ask(const request& what, std::uint64_t id, delta_callback show);

  graph::run_options settings();

  runtime_options options_;
  std::atomic<std::uint64_t> next_id_ = actors::first_host_id;
  mutable std::shared_mutex mutex_; // guards graph_, not what it does
  std::unique_ptr<graph::running_graph> graph_; ///< null once closed
  close_report report_;
  std::mutex closing_;
};

/// Ends its tap when it goes.
struct tapped_edge {
  tapped_edge(std::weak_ptr<runtime_core> owner, std::size_t edge,
              std::shared_ptr<actors::edge_tap> tap);
  ~tapped_edge();

  std::weak_ptr<runtime_core> owner;
  std::size_t edge;
  std::shared_ptr<actors::edge_tap> tap;
};

/// Opens, validates and starts. Throws error.
std::shared_ptr<runtime_core> open_core(const std::filesystem::path& file,
                                        runtime_options options);
std::shared_ptr<runtime_core> open_core(std::string_view text,
                                        runtime_options options);

} // namespace sluice::apps
