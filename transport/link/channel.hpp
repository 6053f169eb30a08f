// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One numbered two-way stream of messages, with credit: over a link to another
// node or to a neighbour in the same process, which look the same. Above it
// stand the edges of a graph; it knows nothing of them.
#pragma once

#include "transport/link/message.hpp"

#include <functional>
#include <string>

namespace sluice::transport::link {

/// Who goes first on a shared connection; lower before higher, always.
enum class priority : std::uint8_t {
  control,
  tokens,
  tensors,
  kv_blocks,
  weights,
};
inline constexpr std::size_t priorities = 5;

/// What a consumer allows a producer to send.
struct credit {
  std::uint64_t frames = 0; ///< messages
  std::uint64_t bytes = 0;  ///< of their bodies and attachments
  bool operator==(const credit&) const = default;
};

enum class send_status : std::uint8_t {
  sent,      ///< taken over; it arrives unless the session is lost
  no_credit, ///< refused for now; on_credit tells when to try again
  too_large, ///< larger than either side's limit: never
  closed,    ///< the channel or its session has ended, or is about to
};

/// How a channel or a session ended.
enum class end_reason : std::uint8_t {
  closed,         ///< in order: everything was delivered
  lost,           ///< the peer is gone, or has forgotten the session
  refused,        ///< the peer, or we, would not have it
  protocol_error, ///< the peer broke the rules
  stopped,        ///< this side's endpoint or owner stopped it at once
};
const char* to_string(end_reason why) noexcept;

struct channel_options {
  std::string name; ///< must be the same on both sides
  priority urgency = priority::tensors;
  std::size_t max_message_bytes = 64 * 1024 * 1024; ///< sent or received
  bool narrow = false; ///< f32 attachments leave as bf16
  bool widen = false;  ///< bf16 attachments arrive as f32
  int compression = 0; ///< zstd level of attachments; 0: none
};

/// Called one after another, never two at once, and not while the caller's own
/// call is locked: a callback may send, grant and close. It must not block.
struct channel_events {
  std::function<void(message)> on_message = {};
  /// Credit came after a send was refused for want of it.
  std::function<void()> on_credit = {};
  /// Once, at last. `closed`: the peer sends no more (we still may).
  std::function<void(end_reason)> on_end = {};
};

/// A handle; all calls may come from any thread.
class channel {
public:
  virtual ~channel() = default;

  /// Moves from `what` only when the result is `sent`. Never blocks.
  virtual send_status send(message&& what) = 0;
  /// Allows the peer to send more. A grant must have room for the largest
  /// message that is expected: a message is sent whole or not at all.
  virtual void grant(credit more) = 0;
  /// Credit that is left for send().
  virtual credit available() const = 0;
  /// Sends no more. What was sent is delivered, then the peer's on_end runs.
  virtual void close() = 0;
};

} // namespace sluice::transport::link
