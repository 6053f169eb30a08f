// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the gateway reads from and adds to HTTP headers. Pure.
#pragma once

#include "actors/gateway/api_request.hpp"
#include "transport/http/message.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::actors {

/// "60", "1.5" seconds of the header X-Request-Timeout; nullopt when absent.
parsed<std::optional<std::chrono::milliseconds>>
parse_timeout(const transport::http::header_list& headers);

/// The client's own X-Request-Id, or `made` when it sent none that can be
/// written into a log: 1 to 128 visible ASCII characters.
std::string request_id_of(const transport::http::header_list& headers,
                          std::uint64_t made);

/// Equal, in a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) noexcept;

/// The API key that the request carries, or "".
std::string_view bearer_of(const transport::http::header_list& headers);

/// The request carries one of `keys`, or there are none to carry.
bool has_key(const transport::http::header_list& headers,
             std::span<const std::string> keys);

/// Whose request it is: the key among `keys` that it carries and, of that key's
/// holder, `user`. Nothing is shared between tenants.
std::string tenant_of(const transport::http::header_list& headers,
                      std::span<const std::string> keys, std::string_view user);

/// Fields that allow browsers of another origin to ask; none for "".
transport::http::header_list cors_headers(const std::string& origin);

} // namespace sluice::actors
