// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cpu/ceilings.hpp"

#include "device/cpu/kernels.hpp"
#include "device/cpu/page_memory.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace sluice::device {

namespace {

constexpr double seconds_each = 0.3;
constexpr std::size_t array_bytes = std::size_t(256) << 20;

/// Calls f until `seconds_each` have passed; the shortest call in seconds.
template <class F>
double shortest(F f) {
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  double best = 1e9;
  for (auto now = begin;
       now - begin < std::chrono::duration<double>(seconds_each);) {
    const auto before = now;
    f();
    now = clock::now();
    best = std::min(best, std::chrono::duration<double>(now - before).count());
  }
  return best;
}

std::uint64_t sum_of(const std::uint64_t* p, std::size_t n) {
  std::uint64_t sums[16] = {};
  for (std::size_t i = 0; i < n; i += 16)
    for (std::size_t j = 0; j < 16; ++j)
      sums[j] += p[i + j];
  std::uint64_t total = 0;
  for (auto sum : sums)
    total += sum;
  return total;
}

} // namespace

cpu_ceilings measure_ceilings(thread_pool& pool, isa path) {
  const auto& kernels = kernels_for(path);
  // Filled, so that it is not one shared page of zeros.
  const page_memory memory(array_bytes);
  std::memset(memory.data(), 1, memory.size());
  const auto* array = reinterpret_cast<const std::uint64_t*>(memory.data());
  std::atomic<std::uint64_t> sink = 0;
  // Many small parts, so that a thread that loses its core costs little.
  constexpr std::size_t parts = 256;
  const std::size_t words = array_bytes / 8 / parts;
  const double read = shortest([&] {
    pool.run(parts, [&](std::size_t part) {
      sink += sum_of(array + part * words, words);
    });
  });
  constexpr std::size_t steps = 4000;
  const std::size_t rounds = std::size_t(16) * pool.threads();
  const auto seconds_of = [&](auto peak) {
    return shortest([&] {
      pool.run(rounds,
               [&](std::size_t) { sink += std::uint64_t(peak(steps)); });
    });
  };
  // A step is 16 products of 64, or 32, multiplies and as many adds.
  const double products = double(rounds) * steps * 16;
  return {double(array_bytes) / read,
          products * 128 / seconds_of(kernels.integer_peak),
          products * 64 / seconds_of(kernels.bf16_peak)};
}

} // namespace sluice::device
