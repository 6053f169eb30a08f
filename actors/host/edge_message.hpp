// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What edges carry, one value per request, for those who look at any edge
// without being its actor: taps, injections, and actors of a host's own kind.
#pragma once

#include "actors/messages.hpp"

#include <functional>
#include <variant>

namespace sluice::actors {

/// A step_output is shown as what it holds, one answer at a time.
using edge_message =
    std::variant<request, prompt, generation, generated, text_delta>;

request_id id_of(const edge_message& message);

/// Sends what an edge carries; those who wait for `accepted` use request().
caf::message to_caf(edge_message message);

/// Calls `show` for each value in a message of an edge; others are passed over.
void for_each_value(const caf::type_erased_tuple& content,
                    const std::function<void(const edge_message&)>& show);

} // namespace sluice::actors
