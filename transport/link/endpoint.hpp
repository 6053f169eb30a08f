// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A node's door to links: accepts and makes connections, keeps sessions, and
// runs them on a few I/O threads. One per process and node name.
#pragma once

#include "transport/address.hpp"
#include "transport/link/fault.hpp"
#include "transport/link/session.hpp"
#include "transport/link/wire.hpp"
#include "transport/tls/credentials.hpp"

#include <chrono>

namespace sluice::transport::link {

/// A link that cannot be set up: what a person must mend.
class link_error : public std::runtime_error {
public:
  using runtime_error::runtime_error;
};

struct endpoint_settings {
  std::string node;    ///< our name; the certificate's first DNS name
  std::string cluster; ///< links join nodes of one cluster
  std::vector<std::byte> graph_hash; ///< at most 64 bytes; equal on all nodes
  tls::credentials credentials;
  bool insecure = false; ///< no TLS; loopback addresses only
  unsigned threads = 1;
  version_range versions;

  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds handshake_timeout{5'000};
  std::chrono::milliseconds heartbeat{1'000}; ///< sends at least this often
  std::chrono::milliseconds silence{5'000};   ///< nothing heard: cut
  std::chrono::milliseconds first_backoff{50};
  std::chrono::milliseconds last_backoff{2'000};
  std::chrono::milliseconds resume_window{30'000}; ///< unconnected: lost
  std::chrono::milliseconds close_timeout{10'000};
  std::chrono::milliseconds ack_delay{2}; ///< of what is not urgent

  std::size_t piece_bytes = 256 * 1024; ///< a token waits for one, at most
  std::size_t resend_bytes = 256 * 1024 * 1024; ///< unacknowledged, a session
  std::size_t memory_bytes = 256 * 1024 * 1024; ///< in the making, a session
  std::size_t pooled_bytes = 256 * 1024 * 1024; ///< unused memory kept
  std::size_t max_channels = 4096;              ///< a session
  std::size_t max_sessions = 4096;
  std::size_t max_handshakes = 256; ///< at the same time

  /// One line about each connection that ended badly. From I/O threads.
  std::function<void(const std::string&)> log = {};
};

struct endpoint_core;

class endpoint {
public:
  using acceptance =
      std::function<session_events(const std::shared_ptr<session>&)>;

  /// Throws tls::tls_error, link_error.
  explicit endpoint(endpoint_settings settings);
  /// stop().
  ~endpoint();
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

  /// Accepts connections; `accept` is called for each new session, on an I/O
  /// thread, and may open its channels. Returns where it listens. Throws
  /// link_error: "cannot listen on ...", "... is not loopback".
  address listen(const address& where, acceptance accept);

  /// Begins a session with the node `peer` ("" takes any of the cluster); it
  /// connects in the background, again and again within the resume window.
  /// Throws link_error when insecure and `where` is not loopback.
  std::shared_ptr<session>
  connect(const address& where, const std::string& peer, session_events events);

  const link_counters& counters() const noexcept;
  std::size_t sessions() const;

  /// Ends every session with `stopped` and joins the threads. Not to be
  /// called from a callback.
  void stop();

private:
  std::shared_ptr<endpoint_core> core_;
};

} // namespace sluice::transport::link
