// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// An HTTP/1.1 server: thousands of connections on a few I/O threads, with a
// bound on everything a client can make it hold. Knows no route and no JSON;
// the gateway hands it one handler.
#pragma once

#include "transport/address.hpp"
#include "transport/http/exchange.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace sluice::transport::http {

/// Bounds and hooks; the defaults suit a server that faces people.
struct server_settings {
  address listen{"127.0.0.1", 0};
  unsigned threads = 2;
  std::size_t max_connections = 8192;       ///< above: 503 and close
  std::size_t header_limit = 16 * 1024;     ///< bytes -> 431
  std::size_t body_limit = 8 * 1024 * 1024; ///< bytes -> 413
  std::size_t output_limit = 1024 * 1024; ///< bytes unread by a stream's client
  std::chrono::milliseconds idle_timeout{75'000};   ///< between requests
  std::chrono::milliseconds header_timeout{10'000}; ///< first byte to last
  std::chrono::milliseconds body_timeout{60'000};   ///< whole body
  std::chrono::milliseconds write_timeout{30'000};  ///< without any progress
  header_list headers;                              ///< added to every response
  /// Words the answers that the server gives by itself (400, 408, 413, 417,
  /// 431, 500, 503); plain text when empty.
  std::function<response(unsigned status, std::string_view why)> refuse = {};
  /// Called for each response with its status, from I/O threads and others.
  std::function<void(unsigned)> on_response = {};
  /// Called with +1 and -1 as connections open and close.
  std::function<void(int)> on_connections = {};
};

/// Takes one request. Runs on an I/O thread: must not block. An exception that
/// escapes it answers 500.
using handler = std::function<void(request, std::shared_ptr<exchange>)>;

/// Listens from construction to stop().
class server {
public:
  /// Throws http_error: "cannot listen on 127.0.0.1:80: Permission denied".
  server(server_settings settings, handler handle);
  /// stop() without grace.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Where it listens, with the port the system chose.
  address listening() const;
  std::size_t connections() const;

  /// Stops accepting, closes idle connections, gives exchanges in flight
  /// `grace` to end, then closes what is left and joins the threads. Not to be
  /// called from a handler.
  void stop(std::chrono::milliseconds grace);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::transport::http
