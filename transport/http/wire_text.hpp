// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Requests and responses as bytes on the wire: first line, header fields,
// chunks. Pure.
#pragma once

#include "transport/address.hpp"
#include "transport/http/message.hpp"

#include <ctime>
#include <string>

namespace sluice::transport::http {

/// A whole request. Host and Content-Length are added; Content-Type is
/// application/json when there is a body and it is not given.
std::string request_text(const address& where, std::string_view method,
                         std::string_view target, std::string_view body,
                         const header_list& headers);

/// How the body's end is marked.
enum class framing : std::uint8_t { length, chunked, until_close };

/// Status line to the empty line. Fields whose name or value could break out
/// of their line are left out. `date` is seconds since 1970.
std::string head_text(const response& head, framing body, bool keep_alive,
                      std::time_t date);

/// `bytes` as one chunk; bytes must not be empty (that would be the end).
std::string chunk_text(std::string_view bytes);

/// The last chunk.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// "Not Found"
std::string_view reason(unsigned status);

} // namespace sluice::transport::http
