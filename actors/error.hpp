// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The closed list of errors that end a request, and how they travel as
// caf::error. Every actor uses this list; the gateway maps it to HTTP.
#pragma once

#include <caf/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::actors {

/// Why a request ended without its answer. Numbers travel: never reuse one.
enum class errc : std::uint8_t {
  none = 0,
  bad_request = 1,       ///< a parameter is out of its range
  prompt_too_long = 2,   ///< prompt and answer exceed the context
  unknown_model = 3,     ///< no such model in this graph
  overloaded = 4,        ///< queues are full, try again later
  deadline_exceeded = 5, ///< the request's deadline passed
  cancelled = 6,         ///< the client or an operator gave up
  shutting_down = 7,     ///< the process drains
  model_failed = 8,      ///< a stage failed; the text says how
  template_failed = 9,   ///< the chat template refused the conversation
  no_route = 10,         ///< no rule of a router matches
};

std::string_view name(errc code) noexcept;

/// An error with context for people.
caf::error make_error(errc code, std::string context = {});

/// The code inside `error`; model_failed for errors that are not ours.
errc code_of(const caf::error& error) noexcept;

/// The context inside `error`; CAF's own rendering for other errors.
std::string context_of(const caf::error& error);

} // namespace sluice::actors
