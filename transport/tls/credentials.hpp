// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Who a node is and whom it trusts: PEM texts, from files or made in memory.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace sluice::transport::tls {

/// What a person must mend: a file that is missing or no certificate.
class tls_error : public std::runtime_error {
public:
  using runtime_error::runtime_error;
};

struct credentials {
  std::string authority;   ///< PEM: the cluster's CA, the only one trusted
  std::string certificate; ///< PEM: ours
  std::string key;         ///< PEM: ours, unencrypted
};

/// Reads DIR/ca.crt, DIR/NAME.crt and DIR/NAME.key, as `sluice cert` writes
/// them. Throws tls_error: "cannot read certs/n1.key: Permission denied".
credentials read_credentials(const std::filesystem::path& folder,
                             const std::string& name);

} // namespace sluice::transport::tls
