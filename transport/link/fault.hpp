// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What went wrong on connections, and how often. Every closed connection counts
// once; a person reads the log line, a dashboard the counters.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice::transport::link {

enum class fault : std::uint8_t {
  foreign_protocol, ///< no link on the other side
  wrong_version,    ///< a link that we do not understand
  wrong_cluster,
  wrong_graph,
  bad_certificate, ///< none, expired, of another CA, or a client's
  wrong_identity,  ///< the certificate is for another name
  corrupt_frame,   ///< checksum
  oversized_frame, ///< above the protocol's or the channel's limit
  malformed_frame, ///< no header that we know, impossible values
  out_of_sequence, ///< a piece is missing, or was acknowledged unsent
  over_credit,     ///< sent what it had no credit for
  memory_limit,    ///< messages in the making would take too much
  handshake_timeout,
  unknown_session, ///< wants to resume what is not there
  full,            ///< too many sessions
  silent,          ///< connected, but nothing was heard
  disconnected,    ///< closed or broken by the other side or the network
  unreachable,     ///< no connection could be made
};
inline constexpr std::size_t faults = 18;
const char* to_string(fault what) noexcept;

/// Counts since an endpoint began; updated from all threads.
struct link_counters {
  std::array<std::atomic<std::uint64_t>, faults> faulty{};
  std::atomic<std::uint64_t> accepted{0};  ///< TCP connections
  std::atomic<std::uint64_t> connected{0}; ///< handshakes that succeeded
  std::atomic<std::uint64_t> resumed{0};   ///< of them, sessions that went on
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> messages_sent{0};
  std::atomic<std::uint64_t> messages_received{0};
  std::atomic<std::uint64_t> pieces_sent_again{0};
  std::atomic<std::uint64_t> duplicates_dropped{0};
  std::atomic<std::uint64_t> sends_refused{0}; ///< for want of credit

  std::uint64_t of(fault what) const noexcept {
    return faulty[static_cast<std::size_t>(what)];
  }
};

} // namespace sluice::transport::link
