// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Puts one channel's pieces together again, each once and in order, whatever
// was sent twice. Holds at most the message in the making. Pure.
#pragma once

#include "transport/link/wire.hpp"

namespace sluice::transport::link {

/// A message in the making; its memory is the final one.
struct assembly {
  message_head head;
  std::shared_ptr<std::byte> body;
  std::shared_ptr<std::byte> attachment; ///< wire_bytes, maybe compressed
  std::size_t filled = 0;                ///< bytes of whole pieces

  std::size_t payload() const noexcept {
    return static_cast<std::size_t>(head.body_bytes + head.wire_bytes);
  }
};

/// The memory that a piece of `length` bytes fills next: in the body, and in
/// the attachment. Requires length <= payload() - filled.
std::array<std::span<std::byte>, 2> next_span(const assembly& whole,
                                              std::size_t length);

class receive_window {
public:
  enum class verdict : std::uint8_t {
    begin,     ///< the first piece of something: read its Envelope
    more,      ///< the next piece of what is being put together
    duplicate, ///< had it; skip
    gap,       ///< one is missing: the peer broke the rules
    misplaced, ///< a first piece in the middle, or none at the start
  };

  verdict judge(const frame_prefix& prefix) const noexcept;

  /// A message begins, and `whole` has its memory.
  void begin(assembly whole) { current_ = std::move(whole); }
  /// The message in the making, if any.
  const assembly* current() const noexcept {
    return current_ ? &*current_ : nullptr;
  }
  /// The payload of the piece that was judged fits what is missing, and only
  /// the last piece fills it.
  bool fits(std::size_t length, bool last) const noexcept;

  /// The piece is complete. Returns the message when it was the last.
  std::optional<assembly> finish(std::size_t length, bool last);
  /// The connection was cut. What has no whole piece yet will come again from
  /// its start: it is forgotten and returned, for its credit.
  std::optional<assembly> abandon();
  /// A piece that was no part of a message (open, end) is complete.
  void finish() noexcept { ++received_; }

  /// Every piece up to this one was received.
  std::uint64_t received() const noexcept { return received_; }

private:
  std::uint64_t received_ = 0;
  std::optional<assembly> current_;
};

} // namespace sluice::transport::link
