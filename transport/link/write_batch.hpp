// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Frames on their way into one system call: a list of places in memory, and
// whatever keeps those alive. The payload is not copied.
#pragma once

#include "transport/link/send_window.hpp"

#include <sys/uio.h>

namespace sluice::transport::link {

class write_batch {
public:
  bool empty() const noexcept { return at_ == parts_.size(); }
  /// Bytes that were added since the last clear().
  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t parts() const noexcept { return parts_.size(); }

  void add(std::vector<std::byte> whole_frame);
  void add(std::uint32_t channel, priority urgency, piece part);

  /// What is still to be written.
  std::span<const iovec> rest() const noexcept {
    return std::span{parts_}.subspan(at_);
  }
  /// `bytes` of rest() were written.
  void advance(std::size_t bytes);
  void clear();

private:
  void add(std::span<const std::byte> bytes);

  std::vector<iovec> parts_;
  std::size_t at_ = 0;
  std::size_t bytes_ = 0;
  std::deque<prefix_block> prefixes_; // addresses stay
  std::vector<std::vector<std::byte>> frames_;
  std::vector<std::shared_ptr<const outgoing>> messages_;
};

} // namespace sluice::transport::link
