// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A link as its owner sees it: a session with one other node that carries
// channels and outlives the connections under it. What was sent arrives exactly
// once and in order per channel, or the session is reported lost.
#pragma once

#include "transport/link/channel.hpp"

#include <memory>

namespace sluice::transport::link {

/// Called as channel_events are: one after another, must not block. All of a
/// session's and its channels' callbacks share one order.
struct session_events {
  /// The peer opened a channel that this side has not opened yet.
  std::function<void(std::uint32_t number, const std::string& name)>
      on_channel = {};
  /// A connection stands, or was cut.
  std::function<void(bool up)> on_connection = {};
  /// Once, at last, after every channel's on_end. `why` is for people.
  std::function<void(end_reason how, const std::string& why)> on_end = {};
};

/// All calls may come from any thread.
class session {
public:
  virtual ~session() = default;

  /// Opens a channel on this side; it works when the peer has opened the same
  /// number with the same name. A number serves once per session. By custom
  /// who connected takes odd ones. Throws std::invalid_argument when `number`
  /// is 0, was used, or there are too many channels. On a session that has
  /// ended the channel is closed from the start.
  virtual std::shared_ptr<channel> open(std::uint32_t number,
                                        channel_options options,
                                        channel_events events) = 0;
  /// Takes nothing more to send; ends when both sides' messages have arrived,
  /// or with `lost` after the close timeout.
  virtual void close() = 0;
  /// Ends at once; the peer finds it lost.
  virtual void abort() = 0;

  /// The peer's node name; "" before the first connection of who connects.
  virtual std::string peer() const = 0;
  virtual bool connected() const = 0;
  /// Bytes sent and not acknowledged.
  virtual std::size_t unacknowledged() const = 0;
};

} // namespace sluice::transport::link
