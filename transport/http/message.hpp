// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// HTTP messages as plain values, for handlers, clients and tests. Free of any
// HTTP library, so that including it costs nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::transport::http {

/// Header fields in their order on the wire.
using header_list = std::vector<std::pair<std::string, std::string>>;

/// The first field named `name` (case does not matter).
std::optional<std::string_view> find(const header_list& headers,
                                     std::string_view name);

/// What a client sent.
struct request {
  std::string method; ///< "GET"
  std::string target; ///< as sent: "/v1/models?limit=3"
  std::string path;   ///< without the query: "/v1/models"
  header_list headers;
  std::string body;
  std::string peer; ///< "127.0.0.1:4711"
};

/// What goes back, or what a client received.
struct response {
  unsigned status = 200;
  header_list headers; ///< Content-Length and Connection are added
  std::string body;
};

/// A failure that its text explains: no such host, address in use, timeout,
/// an answer that is not HTTP.
class http_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

} // namespace sluice::transport::http
