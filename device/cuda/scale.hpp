// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Multiplies a vector by a number on the GPU: Gemma's embedding scale, and the
// smallest kernel that shows the build, launch and error path work.
#pragma once

#include "device/cuda/stream.hpp"

#include <cstddef>

namespace sluice::device::cuda {

/// x[i] *= factor for i < n; x [n] in device memory. Queued on `on`.
void scale(float* x, float factor, std::size_t n, const stream& on);

} // namespace sluice::device::cuda
