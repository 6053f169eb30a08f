// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One line on a terminal that shows how far a load has come. On anything that
// is not a terminal, and with --quiet, it prints nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace sluice::apps {

/// Thread-safe; draws at most every 50 ms and clears its line at the end.
class progress_bar {
public:
  /// What the numbers of update() count.
  enum class unit : std::uint8_t { bytes, runs };

  /// `enabled` is and-ed with "standard error is a terminal".
  progress_bar(std::string title, bool enabled, unit counts = unit::bytes);
  ~progress_bar();
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;

  /// `done` of `total`.
  void update(std::uint64_t done, std::uint64_t total);
  /// Clears the line; later updates are ignored.
  void finish();

private:
  std::mutex mutex_;
  std::string title_;
  bool enabled_;
  unit counts_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_;
};

/// "12.3 MB", in powers of 1000.
std::string format_bytes(std::uint64_t bytes);

} // namespace sluice::apps
