// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/address.hpp"

#include <charconv>

namespace sluice::transport {

namespace {

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, ec] = std::from_chars(text.data(), end, port);
  if (text.empty() || ec != std::errc{} || rest != end)
    return std::nullopt;
  return port;
}

} // namespace

std::optional<address> parse_address(std::string_view text) {
  std::string_view host;
  if (text.starts_with('[')) {
    const auto close = text.find("]:");
    if (close == std::string_view::npos)
      return std::nullopt;
    host = text.substr(1, close - 1);
    text.remove_prefix(close + 2);
  } else if (const auto colon = text.rfind(':');
             colon != std::string_view::npos) {
    host = text.substr(0, colon);
    if (host.find(':') != std::string_view::npos)
      return std::nullopt; // IPv6 needs its brackets
    text.remove_prefix(colon + 1);
  }
  const auto port = parse_port(text);
  if (!port)
    return std::nullopt;
  return address{std::string{host}, *port};
}

std::string to_string(const address& value) {
  const bool v6 = value.host.find(':') != std::string::npos;
  return (v6 ? "[" + value.host + "]" : value.host) + ":"
         + std::to_string(value.port);
}

} // namespace sluice::transport
