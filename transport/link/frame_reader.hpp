// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Turns a stream of bytes into frames. Says where the next bytes should be
// read to, so that a large payload goes straight into its final buffer while
// small frames share one read. Pure: knows no socket, no session.
#pragma once

#include "transport/link/prefix.hpp"

#include <vector>

namespace sluice::transport::link {

class frame_reader {
public:
  enum class step : std::uint8_t {
    need_bytes, ///< read into space()
    header,     ///< prefix() and header() are there; call place() or skip()
    payload,    ///< the payload that was placed is complete, or skipped
    oversized,  ///< a length above the limits: give up
    malformed,  ///< reserved bits are set: give up
    corrupt,    ///< the checksum is wrong: give up
  };

  explicit frame_reader(std::size_t read_ahead = 64 * 1024);

  /// Where the next bytes go, in order: what the payload in progress lacks, and
  /// the read-ahead behind it. Valid until the next call.
  std::array<std::span<std::byte>, 3> space();
  /// `bytes` were read into space().
  void commit(std::size_t bytes);
  /// What there is now; call until it says need_bytes.
  step next();

  const frame_prefix& prefix() const noexcept { return prefix_; }
  /// Valid until place() or skip().
  std::span<const std::byte> header() const noexcept;
  /// The payload's size, prefix().length - prefix().header.
  std::size_t payload_bytes() const noexcept;

  /// The payload belongs into these two, which are as large as it.
  void place(std::span<std::byte> front, std::span<std::byte> back);
  /// The payload is not wanted.
  void skip();

  /// Takes `count` bytes that are no frame (the preamble); fewer when they
  /// have not come yet, which leaves them.
  std::span<const std::byte> peek(std::size_t count);
  void drop(std::size_t count) { begin_ += count; }

private:
  std::size_t buffered() const noexcept { return end_ - begin_; }
  void reserve(std::size_t bytes);
  step take_payload();

  std::vector<std::byte> ahead_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool in_payload_ = false;
  frame_prefix prefix_;
  std::array<std::span<std::byte>, 2> target_; // what is still to be filled
  std::size_t unwanted_ = 0;                   // bytes still to be dropped
};

} // namespace sluice::transport::link
