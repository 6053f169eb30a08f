// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Shares matrix products out among the threads of a pool. The CPU backend owns
// one; the arithmetic is the kernels'.
#pragma once

#include "device/backend.hpp"
#include "device/cpu/kernels.hpp"
#include "device/cpu/thread_pool.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace sluice::device {

class cpu_products {
public:
  cpu_products(thread_pool& pool, const kernel_table& kernels)
      : pool_(pool), kernels_(kernels) {}

  /// backend::matmul of packed matrices.
  void run(std::span<const product> products, const float* x, std::size_t rows);

private:
  /// Inputs rounded for the matrices of one kind.
  struct rounded_inputs {
    const packed_shape* shape = nullptr; ///< of the first of these matrices
    std::vector<std::byte> bytes;
  };

  const std::byte* rounded(const packed_shape& shape, const float* x,
                           std::size_t rows);
  void add_tasks(matmul_task whole, std::size_t first_pair,
                 std::size_t last_pair, std::size_t rows);

  thread_pool& pool_;
  const kernel_table& kernels_;
  std::vector<rounded_inputs> inputs_; ///< kept from call to call
  std::size_t inputs_used_ = 0;
  std::vector<matmul_task> tasks_;
};

} // namespace sluice::device
