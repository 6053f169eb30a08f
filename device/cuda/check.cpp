// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/cuda/check.hpp"

#include <string>

namespace sluice::device::cuda {

namespace {

std::string describe(cudaError_t code, const std::source_location& where) {
  std::string text = where.file_name();
  text += ":" + std::to_string(where.line()) + ": ";
  text += cudaGetErrorName(code);
  text += ": ";
  text += cudaGetErrorString(code);
  return text;
}

} // namespace

cuda_error::cuda_error(cudaError_t code, const std::source_location& where)
    : std::runtime_error(describe(code, where)), code_(code) {}

void check(cudaError_t status, const std::source_location& where) {
  if (status == cudaSuccess)
    return;
  // Clears the sticky copy, so that the next call reports its own failure.
  static_cast<void>(cudaGetLastError());
  throw cuda_error(status, where);
}

int device_count() noexcept {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess)
    return count;
  static_cast<void>(cudaGetLastError());
  return 0;
}

} // namespace sluice::device::cuda
