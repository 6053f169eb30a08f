// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The deltas of one request on their way from the door's thread to the host's.
// Holds at most one whole answer.
#pragma once

#include "sluice/request.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace sluice::apps {

class runtime_core;

class answer_queue {
public:
  answer_queue(std::uint64_t id, std::weak_ptr<runtime_core> owner);

  std::uint64_t id() const noexcept { return id_; }
  void push(delta piece);
  /// Waits without end when there is no patience.
  std::optional<delta> pull(std::optional<std::chrono::milliseconds> patience);
  bool ended() const;
  void cancel() noexcept;

private:
  std::uint64_t id_;
  std::weak_ptr<runtime_core> owner_;
  mutable std::mutex mutex_;
  std::condition_variable came_;
  std::deque<delta> pieces_;
  bool complete_ = false; ///< the last piece came
  bool ended_ = false;    ///< the last piece was pulled
};

} // namespace sluice::apps
