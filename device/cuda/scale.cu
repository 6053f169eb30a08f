// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cuda/check.hpp"
#include "device/cuda/scale.hpp"

namespace sluice::device::cuda {

namespace {

constexpr unsigned threads_per_block = 256;

__global__ void scale_kernel(float* x, float factor, std::size_t n) {
  const auto i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x;
  if (i < n)
    x[i] *= factor;
}

} // namespace

void scale(float* x, float factor, std::size_t n, const stream& on) {
  if (n == 0)
    return;
  const auto blocks = (n + threads_per_block - 1) / threads_per_block;
  scale_kernel<<<static_cast<unsigned>(blocks), threads_per_block, 0,
                 on.get()>>>(x, factor, n);
  check(cudaGetLastError());
}

} // namespace sluice::device::cuda
