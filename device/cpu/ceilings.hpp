// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What this machine can do at most, measured: benchmarks print their figures as
// a share of these. Knows the pool and the kernels, no model.
#pragma once

#include "device/cpu/features.hpp"
#include "device/cpu/thread_pool.hpp"

namespace sluice::device {

struct cpu_ceilings {
  double read_bytes_per_second;         ///< all threads, from memory
  double integer_operations_per_second; ///< int8 multiplies and adds, 2 each
  double bf16_operations_per_second;    ///< the same of bf16
};

/// Reads 256 MiB several times, and multiplies bytes and bf16 with the widest
/// products of `path`, each for about 0.3 s on all threads of `pool`; the best
/// rounds count. Throws model_error if this machine cannot run `path`.
cpu_ceilings measure_ceilings(thread_pool& pool, isa path = best_isa());

} // namespace sluice::device
