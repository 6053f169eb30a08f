// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Fork-join over a fixed set of threads, for operations of a few microseconds.
// main makes one and hands it down; backends and packing use it. Knows nothing
// of what it runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace sluice::device {

/// Cores this process may use: its affinity mask, cut by its cgroup's quota.
unsigned available_cores();

class thread_pool {
public:
  /// `threads` counts the calling thread; at least 1.
  explicit thread_pool(unsigned threads = available_cores());
  ~thread_pool();
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  unsigned threads() const noexcept {
    return static_cast<unsigned>(workers_.size()) + 1;
  }

  /// Calls fn(part) once for every part in [0, parts) and returns when all are
  /// done. Parts are handed out in order; the caller works too. Calls from
  /// several threads take turns. `fn` must not throw and must not call run.
  template <class F>
  void run(std::size_t parts, F&& fn) {
    using body = std::remove_reference_t<F>;
    run_parts(
        parts,
        [](void* f, std::size_t part) { (*static_cast<body*>(f))(part); },
        const_cast<void*>(static_cast<const void*>(&fn)));
  }

private:
  using part_function = void (*)(void*, std::size_t);

  void run_parts(std::size_t parts, part_function call, void* context);
  void take_parts() noexcept;
  void work() noexcept;

  std::mutex turn_;
  // The open job: written only while epoch_ is even and inside_ is 0.
  part_function call_ = nullptr;
  void* context_ = nullptr;
  std::size_t parts_ = 0;
  alignas(64) std::atomic<std::size_t> next_{0};
  /// Odd while a job is open.
  alignas(64) std::atomic<std::uint32_t> epoch_{0};
  /// Workers that may be reading the job.
  alignas(64) std::atomic<std::uint32_t> inside_{0};
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;
};

} // namespace sluice::device
