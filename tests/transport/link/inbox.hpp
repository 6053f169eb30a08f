// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What callbacks on other threads saw, to be awaited by a test. Every wait ends
// after 30 s: a hanging link fails the test, not ctest.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>

namespace sluice::test {

template <class T>
class inbox {
public:
  void put(T value) {
    const std::lock_guard lock{mutex_};
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  T take() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, std::chrono::seconds{30},
                           [&] { return !values_.empty(); }))
      throw std::runtime_error{"nothing came within 30 s"};
    auto out = std::move(values_.front());
    values_.pop_front();
    return out;
  }
  std::size_t size() const {
    const std::lock_guard lock{mutex_};
    return values_.size();
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

} // namespace sluice::test
