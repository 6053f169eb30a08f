// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An edge that can be watched while it works. It stands for the actor at its
// end: what is sent to it goes there at once, in the sender's own thread, and a
// copy to whoever taps. Without taps it costs one atomic read per message.
// Made by the graph's builder for every edge.
#pragma once

#include "actors/host/edge_message.hpp"

#include <caf/actor_config.hpp>
#include <caf/monitorable_actor.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace sluice::actors {

/// One watcher of one edge. Calls come one at a time.
class edge_tap {
public:
  using watcher = std::function<void(const edge_message&)>;

  /// `failed` hears what `show` throws.
  edge_tap(watcher show, std::function<void(const char*)> failed);

  void show(const edge_message& message) noexcept;
  /// No call begins any more, and none is under way but the caller's own.
  void close();

private:
  // Recursive: a watcher may close its own tap, or inject into its edge.
  std::recursive_mutex mutex_;
  watcher show_;
  std::function<void(const char*)> failed_;
  bool open_ = true;
};

class edge_tee : public caf::monitorable_actor {
public:
  explicit edge_tee(caf::strong_actor_ptr to,
                    caf::actor_config config = caf::actor_config{});

  void enqueue(caf::mailbox_element_ptr what,
               caf::execution_unit* context) override;
  const char* name() const override { return "edge"; }

  void add(std::shared_ptr<edge_tap> tap);
  void remove(const edge_tap* tap);

private:
  using tap_list = std::vector<std::shared_ptr<edge_tap>>;

  void show(const caf::type_erased_tuple& content);

  const caf::strong_actor_ptr to_;
  std::mutex mutex_; // guards what follows, not the taps themselves
  std::shared_ptr<const tap_list> taps_;
  std::atomic<bool> tapped_ = false;
};

/// An edge to `to`, with the same interface.
caf::actor make_edge(caf::actor_system& system, const caf::actor& to);

/// The tee behind a handle that make_edge returned.
edge_tee& tee_of(const caf::actor& edge);

} // namespace sluice::actors
