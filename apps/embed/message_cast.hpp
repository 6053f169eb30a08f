// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Messages of the graph as the host sees them, and back. What the public values
// do not show is kept in their origin, so that passing a message on loses
// nothing.
#pragma once

#include "actors/host/edge_message.hpp"
#include "sluice/message.hpp"
#include "sluice/request.hpp"

namespace sluice::apps {

message to_public(const actors::edge_message& from);
/// Throws error, wrong_type, for what the graph could not take.
actors::edge_message to_internal(const message& from);

delta to_public(const actors::text_delta& from);

} // namespace sluice::apps
