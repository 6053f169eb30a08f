// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The other process of `sluice bench link`: a socket and two links that swallow
// or echo frames. Ends when its pipe does.
#pragma once

#include "transport/link/endpoint.hpp"

#include <cstdint>

namespace sluice::apps {

/// First bytes on the plain socket.
struct socket_order {
  std::uint64_t size = 0;  ///< bytes of a frame
  std::uint64_t count = 0; ///< frames; swallowed, then one byte comes back
  bool echo = false;       ///< each frame comes back instead
};

/// kind of a message on a link.
enum link_order : std::uint32_t { swallow, answer, echo };

struct peer_ports {
  std::uint16_t socket = 0;
  std::uint16_t link = 0;
  std::uint16_t tls_link = 0;
};

/// An endpoint of the bench; plain when `own` is null.
transport::link::endpoint_settings
link_bench_settings(const std::string& node,
                    const transport::tls::credentials* own);

/// Bytes that may be on the way to the peer on a channel of frames of `size`.
std::size_t window_bytes(std::size_t size);

/// The process, from construction to destruction.
class link_bench_peer {
public:
  /// Throws std::runtime_error.
  explicit link_bench_peer(const transport::tls::credentials& own);
  ~link_bench_peer();
  link_bench_peer(const link_bench_peer&) = delete;
  link_bench_peer& operator=(const link_bench_peer&) = delete;

  const peer_ports& ports() const noexcept { return ports_; }

private:
  peer_ports ports_;
  int stop_ = -1; // closing it ends the peer
  int process_ = -1;
};

/// Blocking; false when the connection broke.
bool send_exactly(int socket, const void* bytes, std::size_t size);
bool receive_exactly(int socket, void* bytes, std::size_t size);

} // namespace sluice::apps
