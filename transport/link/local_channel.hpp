// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Two channels in one process, joined: what one sends, the other receives, by
// moving the value. Same credit, same limits, same order of callbacks as over
// a link; nothing is serialised.
#pragma once

#include "transport/link/channel.hpp"

#include <utility>

namespace sluice::transport::link {

struct local_side {
  channel_options options; ///< narrow, widen and compression do nothing here
  channel_events events;
};

/// Callbacks of both sides run one after another, on the thread of whoever
/// sent, granted or closed last; a call from a callback only queues. When both
/// handles are gone, both sides have ended. Throws std::invalid_argument when
/// the names differ.
std::pair<std::shared_ptr<channel>, std::shared_ptr<channel>>
local_channel(local_side one, local_side other);

} // namespace sluice::transport::link
