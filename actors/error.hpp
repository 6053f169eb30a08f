// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// How the closed list of errors that end a request (actors/terms.hpp) travels
// as caf::error. Every actor uses this list; the gateway maps it to HTTP.
#pragma once

#include "actors/terms.hpp"

#include <caf/error.hpp>

#include <string>
#include <string_view>

namespace sluice::actors {

std::string_view name(errc code) noexcept;

/// An error with context for people, and when to try again, in seconds; 0: not
/// said.
caf::error make_error(errc code, std::string context = {},
                      std::uint32_t retry_seconds = 0);

/// The code inside `error`; model_failed for errors that are not ours.
errc code_of(const caf::error& error) noexcept;

/// When to try again, in seconds; 0: not said.
std::uint32_t retry_of(const caf::error& error);

/// The context inside `error`; CAF's own rendering for other errors.
std::string context_of(const caf::error& error);

} // namespace sluice::actors
