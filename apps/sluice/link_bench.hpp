// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Measures links against a plain socket on loopback, in one run: bandwidth and
// round trip per frame size. The other end is a second process. Prints nothing.
#pragma once

#include "apps/bench_serve/statistics.hpp"

#include <array>
#include <functional>

namespace sluice::apps {

/// What carries the frames.
enum class carrier : std::uint8_t { socket, link, tls_link };
inline constexpr std::size_t carriers = 3;

struct link_bench_plan {
  std::vector<std::size_t> sizes = {64, 8 << 10, 1 << 20, 32 << 20}; ///< bytes
  int repeats = 7; ///< each carrier in turn, so that all see the same machine
  bool bandwidth = true;
  bool round_trip = true;
  std::vector<carrier> only = {carrier::socket, carrier::link,
                               carrier::tls_link};
};

/// One frame size; indexed by carrier. Samples are one per repeat.
struct link_bench_row {
  std::size_t size = 0;
  std::array<summary, carriers> bytes_per_second;
  std::array<summary, carriers> round_trip_seconds; ///< median of each run
};

/// `on_progress` is told how many of how many runs are done. Starts a process:
/// to be called before there are threads. Throws std::runtime_error.
std::vector<link_bench_row> run_link_bench(
    const link_bench_plan& plan,
    const std::function<void(std::size_t, std::size_t)>& on_progress);

} // namespace sluice::apps
