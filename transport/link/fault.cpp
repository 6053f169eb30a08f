// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/fault.hpp"

#include "transport/link/channel.hpp"

namespace sluice::transport::link {

const char* to_string(fault what) noexcept {
  static constexpr const char* names[faults] = {
      "foreign protocol",
      "wrong version",
      "wrong cluster",
      "wrong graph",
      "bad certificate",
      "wrong identity",
      "corrupt frame",
      "oversized frame",
      "malformed frame",
      "out of sequence",
      "over credit",
      "memory limit",
      "handshake timeout",
      "unknown session",
      "full",
      "silent",
      "disconnected",
      "unreachable",
  };
  return names[static_cast<std::size_t>(what)];
}

const char* to_string(end_reason why) noexcept {
  static constexpr const char* names[] = {"closed", "lost", "refused",
                                          "protocol error", "stopped"};
  return names[static_cast<std::size_t>(why)];
}

} // namespace sluice::transport::link
