// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Makes the backend that runs on this machine's processor. Used by programs and
// tests; everything behind it is device/backend.hpp.
#pragma once

#include "device/backend.hpp"
#include "device/cpu/features.hpp"
#include "device/cpu/thread_pool.hpp"

#include <memory>

namespace sluice::device {

/// A backend on `pool`, which must outlive it. Throws model_error if this
/// machine cannot run `path`.
std::unique_ptr<backend> make_cpu_backend(thread_pool& pool,
                                          isa path = best_isa());

} // namespace sluice::device
