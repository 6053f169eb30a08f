// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The measurements behind `sluice bench model`: the forward pass of one model
// on one backend, with no server and no sampler in the way.
#pragma once

#include "device/backend.hpp"
#include "device/cpu/ceilings.hpp"
#include "device/files/model_files.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::apps {

/// What to measure.
struct bench_plan {
  std::vector<std::uint32_t> prompts{64, 512}; ///< tokens of one; 0: none
  std::uint32_t generate = 128; ///< tokens of each answer; 0: none
  std::vector<std::uint32_t> batches{1, 16, 32}; ///< answers at once
  std::uint32_t context = 0;                     ///< tokens before each answer
  std::uint32_t repeats = 5;
};

/// What a row is held against.
enum class bench_limit {
  read, ///< bytes: answers one at a time
  int8, ///< operations of quantized weights
  bf16  ///< operations of floating-point weights
};

/// "read", "int8", "bf16".
std::string_view name(bench_limit limit) noexcept;

/// One measured test; speeds over the repeats.
struct bench_row {
  std::uint32_t tokens = 0;  ///< of the prompt, or of each answer
  std::uint32_t batch = 0;   ///< answers at once; 0: a prompt
  std::uint32_t context = 0; ///< tokens before each answer
  double median = 0;         ///< tokens per second
  double least = 0;
  double most = 0;
  /// At the median: packed weights once per pass and, for answers, the keys and
  /// values that each token sees.
  double bytes_per_second = 0;
  /// At the median: multiplies and adds of the weights that a token meets, the
  /// output matrix and the block before it only where logits are wanted.
  double operations_per_second = 0;
  bench_limit limit = bench_limit::read;
  double share = 0; ///< of that ceiling

  /// "prefill 512", "decode x16 at 4096".
  std::string name() const;
};

struct bench_result {
  std::string backend;
  unsigned threads = 0;
  std::uint32_t repeats = 0;
  double load_ms = 0;           ///< packing of all weights
  std::uint64_t peak_bytes = 0; ///< resident, of the whole run
  device::cpu_ceilings ceilings{};
  std::vector<bench_row> rows;
};

/// Whose speed is measured.
struct bench_machine {
  device::backend& cpu;
  device::thread_pool& pool; ///< that `cpu` runs on
  device::isa path;          ///< of `cpu`
};

/// Operations or bytes per second that `limit` allows.
double ceiling_of(const device::cpu_ceilings& ceilings, bench_limit limit);

/// The operations that a file's weights are multiplied with.
bench_limit compute_limit(const device::model_files& files);

/// Runs the plan; prompts are cut to the model's context. `report` hears runs
/// done and runs in all. Throws model_error, also when context and answer
/// exceed the model's.
bench_result
run_bench(const device::model_files& files, const bench_machine& machine,
          const bench_plan& plan,
          const std::function<void(std::uint64_t, std::uint64_t)>& report);

} // namespace sluice::apps
