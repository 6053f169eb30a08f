// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The two ends of a credit window, as arithmetic: cumulative, so that telling
// them twice or late does no harm. Pure; used by links and in-process channels.
#pragma once

#include "transport/link/channel.hpp"

#include <algorithm>

namespace sluice::transport::link {

/// The producer's end.
class spending {
public:
  /// The peer's totals since the channel began; true when they grew.
  bool raise(credit totals) noexcept {
    const auto before = granted_;
    granted_ = {std::max(granted_.frames, totals.frames),
                std::max(granted_.bytes, totals.bytes)};
    return granted_ != before;
  }
  /// Pays for a message of `bytes`; false when there is too little.
  bool spend(std::uint64_t bytes) noexcept {
    const auto left = available();
    if (left.frames == 0 || left.bytes < bytes)
      return false;
    ++spent_.frames;
    spent_.bytes += bytes;
    return true;
  }
  credit available() const noexcept {
    return {granted_.frames - spent_.frames, granted_.bytes - spent_.bytes};
  }

private:
  credit granted_;
  credit spent_; // never more than granted
};

/// The consumer's end.
class granting {
public:
  void grant(credit more) noexcept {
    granted_.frames += more.frames;
    granted_.bytes += more.bytes;
  }
  /// A message of `bytes` has begun to arrive; false when the peer had no
  /// credit for it: it broke the rules.
  bool receive(std::uint64_t bytes) noexcept {
    if (received_.frames == told_.frames
        || told_.bytes - received_.bytes < bytes)
      return false;
    ++received_.frames;
    received_.bytes += bytes;
    return true;
  }
  /// A message that began to arrive will begin again.
  void refund(std::uint64_t bytes) noexcept {
    --received_.frames;
    received_.bytes -= bytes;
  }
  /// The peer will run dry unless it is told soon: half is used up.
  bool urgent() const noexcept {
    const auto late = [](std::uint64_t untold, std::uint64_t left) {
      return untold > 0 && untold >= left;
    };
    return late(granted_.frames - told_.frames, told_.frames - received_.frames)
           || late(granted_.bytes - told_.bytes, told_.bytes - received_.bytes);
  }
  bool untold() const noexcept { return granted_ != told_; }
  /// The totals, which the caller now tells the peer.
  credit tell() noexcept { return told_ = granted_; }
  credit told() const noexcept { return told_; }

private:
  credit granted_;
  credit told_;
  credit received_;
};

} // namespace sluice::transport::link
