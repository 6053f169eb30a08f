// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Turns CUDA status codes into exceptions. A function, not a macro: the place
// of the call comes along as std::source_location.
#pragma once

#include <cuda_runtime_api.h>

#include <source_location>
#include <stdexcept>

namespace sluice::device::cuda {

/// A call of the CUDA runtime failed; the text names call site and reason.
class cuda_error : public std::runtime_error {
public:
  cuda_error(cudaError_t code, const std::source_location& where);
  cudaError_t code() const noexcept { return code_; }

private:
  cudaError_t code_;
};

/// Throws cuda_error unless `status` is cudaSuccess.
void check(cudaError_t status,
           const std::source_location& where = std::source_location::current());

/// Number of usable devices; 0 without a driver. Never throws.
int device_count() noexcept;

} // namespace sluice::device::cuda
