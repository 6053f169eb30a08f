// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/thread_pool.hpp"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace sluice::device {

namespace {

// About 40 us of polling: longer than the gap between two operations of a
// decode step, short enough that an idle pool soon sleeps.
constexpr int polls_before_sleep = 2000;

void pause_briefly() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

/// Cores that cgroup v2 grants, or 0 if there is no quota.
unsigned cgroup_cores() {
  std::string path;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);)
    if (line.starts_with("0::"))
      path = line.substr(3);
  for (const auto& folder :
       {"/sys/fs/cgroup" + path, std::string("/sys/fs/cgroup")}) {
    std::ifstream file(folder + "/cpu.max");
    double quota = 0;
    double period = 0;
    if (file >> quota >> period && quota > 0 && period > 0)
      return static_cast<unsigned>(std::max(1.0, quota / period + 0.5));
  }
  return 0;
}

} // namespace

unsigned available_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  auto cores = std::max(1u, std::thread::hardware_concurrency());
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0)
    cores = static_cast<unsigned>(std::max(1, CPU_COUNT(&mask)));
  if (auto quota = cgroup_cores(); quota > 0)
    cores = std::min(cores, quota);
  return cores;
}

thread_pool::thread_pool(unsigned threads) {
  for (unsigned i = 1; i < threads; ++i)
    workers_.emplace_back([this] { work(); });
}

thread_pool::~thread_pool() {
  stopping_ = true;
  epoch_ += 2;
  epoch_.notify_all();
  for (auto& worker : workers_)
    worker.join();
}

void thread_pool::take_parts() noexcept {
  for (auto part = next_++; part < parts_; part = next_++)
    call_(context_, part);
}

// A worker announces itself in inside_ and only then looks whether a job is
// open; the caller closes the job and only then looks at inside_. So a worker
// that wakes late is never waited for, and never reads a job that changes.
void thread_pool::work() noexcept {
  for (std::uint32_t seen = 0;;) {
    for (int i = 0; i < polls_before_sleep && epoch_ == seen; ++i)
      pause_briefly();
    epoch_.wait(seen);
    if (stopping_)
      return;
    ++inside_;
    seen = epoch_;
    if (seen % 2 == 1)
      take_parts();
    --inside_;
  }
}

void thread_pool::run_parts(std::size_t parts, part_function call,
                            void* context) {
  if (parts <= 1 || workers_.empty()) {
    for (std::size_t part = 0; part < parts; ++part)
      call(context, part);
    return;
  }
  std::lock_guard guard(turn_);
  call_ = call;
  context_ = context;
  parts_ = parts;
  next_ = 0;
  ++epoch_;
  epoch_.notify_all();
  take_parts();
  ++epoch_;
  // A worker that lost its core to another program needs ours to go on.
  for (int i = 0; inside_ != 0; ++i)
    i < polls_before_sleep ? pause_briefly() : std::this_thread::yield();
}

} // namespace sluice::device
