// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The host's log callback as a logger of the runtime.
#pragma once

#include "sluice/runtime.hpp"

#include <memory>

namespace spdlog {
class logger;
} // namespace spdlog

namespace sluice::apps {

/// Null when there is no callback. It belongs to no registry: several runtimes
/// log apart from each other, and from the host.
std::shared_ptr<spdlog::logger>
make_logger(std::function<void(log_level, std::string_view)> callback);

} // namespace sluice::apps
