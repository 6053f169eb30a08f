// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which requests have the same answer. For the cache actor.
#pragma once

#include "actors/cache/response_cache.hpp"
#include "actors/messages.hpp"

#include <optional>

namespace sluice::actors {

/// The key of a request whose answer can be foretold: greedy, or sampled from a
/// seed that the client gave. Nothing for all others, and for those that belong
/// to a session.
///
/// Every field that travels with a request is in the hash, so a field that is
/// new counts before anybody thinks of it. Left out is what cannot change an
/// answer: id, deadline and priority; for a greedy one seed, choice and
/// truncation too. Tenant and labels are in it: nothing is ever told across
/// them.
std::optional<answer_key> key_of(const request& wish);

} // namespace sluice::actors
