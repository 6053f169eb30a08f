// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Makes the certificates of a cluster: an authority, and nodes and clients that
// it vouches for. Used by `sluice cert` and by tests; touches no file.
#pragma once

#include "transport/tls/credentials.hpp"

#include <chrono>
#include <vector>

namespace sluice::transport::tls {

enum class key_kind : std::uint8_t {
  p256,    ///< ECDSA on NIST P-256: every program takes it
  ed25519, ///< smaller and simpler; few browsers do
};

enum class holder : std::uint8_t {
  node,   ///< accepts and makes connections
  client, ///< only makes them, and may not be a node
};

struct issued {
  std::string certificate; ///< PEM
  std::string key;         ///< PEM, PKCS#8, unencrypted
};

struct certificate_request {
  std::string name; ///< node or client; also its first DNS name
  std::vector<std::string> more_names; ///< DNS names or IP addresses
  holder role = holder::node;
  key_kind key = key_kind::p256;
  std::chrono::hours valid{24 * 365};
  /// Seconds before now from which it is valid: clocks differ.
  std::chrono::seconds backdated{300};
};

/// A self-signed CA that may sign certificates and no further CAs. Throws
/// tls_error when a name is empty, too long or has odd characters.
issued make_authority(const std::string& cluster, key_kind key,
                      std::chrono::hours valid);

/// A certificate for `request`, with a new key. It never outlives the
/// authority. Throws tls_error: "the CA has expired", ...
issued issue(const issued& authority, const certificate_request& request);

/// "expires in 364 days" and such: days from now until its end, negative when
/// it has expired. Throws tls_error when it is no certificate.
long days_left(const std::string& certificate);

} // namespace sluice::transport::tls
