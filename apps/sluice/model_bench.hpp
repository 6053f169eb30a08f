// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The measurements behind `sluice bench model`: the forward pass of one model
// on one backend, with no server and no sampler in the way.
#pragma once

#include "apps/sluice/model_options.hpp"
#include "device/cpu/ceilings.hpp"
#include "device/files/model_files.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace sluice::apps {

/// What to measure.
struct bench_plan {
  std::uint32_t prompt = 512;   ///< tokens of one prompt; 0: none
  std::uint32_t generate = 128; ///< tokens of each answer; 0: none
  std::vector<std::uint32_t> batches{1, 16, 32}; ///< answers at once
  /// Answers of one sequence also behind a text of so many tokens; 0: not.
  std::uint32_t context = 0;
  std::uint32_t repeats = 5;
};

/// One measured test; speeds in tokens per second over the repeats.
struct bench_row {
  std::string name;
  double median = 0;
  double least = 0;
  double most = 0;
  double gb_per_s = 0;  ///< packed weight bytes read per second, at the median
  double gop_per_s = 0; ///< multiplies and adds per second / 1e9, at the median
};

struct bench_result {
  std::string backend;
  unsigned threads = 0;
  double load_ms = 0; ///< packing of all weights
  device::cpu_ceilings ceilings{};
  std::vector<bench_row> rows;
};

/// Runs the plan; prompts and answers are cut to the model's context. `report`
/// hears runs done and runs in all. Throws model_error.
bench_result
run_bench(const device::model_files& files, local_device& device,
          const bench_plan& plan,
          const std::function<void(std::uint64_t, std::uint64_t)>& report);

} // namespace sluice::apps
