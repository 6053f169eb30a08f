// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// "host:port" as people write it in graph files and on command lines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::transport {

/// Where to listen or to connect.
struct address {
  std::string host; ///< name, IPv4, or IPv6 without brackets; "" listens on all
  std::uint16_t port = 0; ///< 0 lets the system choose when listening
};

/// Parses ":8080", "localhost:8080", "10.0.0.1:80", "[::1]:80" or "8080".
/// Empty when the text is none of these.
std::optional<address> parse_address(std::string_view text);

/// The text form, with brackets around IPv6.
std::string to_string(const address& value);

} // namespace sluice::transport
