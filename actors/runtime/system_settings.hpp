// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How the process's actor system is set up: one place, used by programs, the
// graph's builder and tests.
#pragma once

#include <caf/fwd.hpp>

namespace sluice::actors {

/// Sets the scheduler for low latency: workers sleep on a condition variable
/// and wake at once. CAF's default, work stealing, polls: an idle worker sees a
/// message up to 10 ms late. `workers` threads run the actors that are not
/// detached (gateway, preprocess, router, postprocess).
void apply_system_settings(caf::actor_system_config& config,
                           unsigned workers = 2);

} // namespace sluice::actors
