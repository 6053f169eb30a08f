// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/system_settings.hpp"

#include <caf/all.hpp>

namespace sluice::actors {

void apply_system_settings(caf::actor_system_config& config, unsigned workers) {
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", std::size_t{workers});
}

} // namespace sluice::actors
