// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What one channel has sent and not yet seen acknowledged. A message is cut
// into pieces of a fixed size and its pieces are numbered, so that after a cut
// connection a window only moves its cursor back. Pure; bounded by credit.
#pragma once

#include "transport/link/wire.hpp"

#include <deque>
#include <memory>

namespace sluice::transport::link {

/// One message on its way; shared by the window and the write in progress.
struct outgoing {
  header_bytes header; ///< the Envelope
  buffer body;
  buffer attachment;        ///< as it goes over the wire
  std::size_t credited = 0; ///< bytes of credit it took

  std::size_t payload() const noexcept {
    return body.size() + attachment.size();
  }
};

/// A piece of a message: payload bytes [offset, offset + length).
struct piece {
  std::shared_ptr<const outgoing> whole;
  std::uint64_t sequence = 0;
  std::size_t offset = 0;
  std::size_t length = 0;
  bool first = false;
  bool last = false;
};

class send_window {
public:
  /// Payload bytes that one piece has at most; at least 1.
  void push(std::shared_ptr<const outgoing> what, std::size_t piece_bytes);

  bool has_next() const noexcept { return cursor_ < end_; }
  /// The next piece to write. Requires has_next().
  piece next();

  /// Every piece up to `sequence` has arrived. Returns the payload bytes of
  /// messages that are done with; nothing when such a piece was never written:
  /// the peer lies.
  std::optional<std::size_t> acknowledge(std::uint64_t sequence);
  /// After a reconnect: goes on behind the last acknowledged piece.
  void rewind() noexcept;

  std::uint64_t acknowledged() const noexcept { return acked_; }
  bool empty() const noexcept { return messages_.empty(); }
  std::size_t bytes() const noexcept { return bytes_; }
  /// Pieces that were written and not acknowledged.
  std::uint64_t in_flight() const noexcept { return cursor_ - acked_ - 1; }

private:
  struct entry {
    std::shared_ptr<const outgoing> whole;
    std::uint64_t first = 0; // number of its first piece
    std::uint64_t pieces = 0;
    std::size_t piece_bytes = 0;
  };

  std::deque<entry> messages_; // unacknowledged, in order
  std::size_t writing_ = 0;    // index of the message that cursor_ is in
  std::uint64_t cursor_ = 1;   // next piece to write
  std::uint64_t end_ = 1;      // number behind the last piece
  std::uint64_t acked_ = 0;
  std::size_t bytes_ = 0; // payload held
};

} // namespace sluice::transport::link
