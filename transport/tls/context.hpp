// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One side's TLS settings: version 1.3 alone, a certificate demanded of both
// sides, and no authority trusted but the cluster's.
#pragma once

#include "transport/tls/credentials.hpp"
#include "transport/tls/openssl_ptr.hpp"

#include <vector>

namespace sluice::transport::tls {

/// What links look like from OpenSSL's side. Immutable once made; shared by
/// all connections of an endpoint.
class context {
public:
  /// Throws tls_error: "the certificate does not belong to the key", ...
  explicit context(const credentials& own);

  /// A connection in the making, without a BIO. `peer` is the node name that
  /// the certificate of who accepts must have; "" takes any of the CA's.
  ssl_ptr connecting(const std::string& peer) const;
  ssl_ptr accepting() const;

private:
  std::shared_ptr<SSL_CTX> context_;
};

/// The DNS names in a peer's certificate; none when it has none.
std::vector<std::string> names_of_peer(const SSL& connection);
/// It was issued to a node, which may accept connections as well as make them.
bool peer_is_node(const SSL& connection);

} // namespace sluice::transport::tls
