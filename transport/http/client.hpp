// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A small blocking HTTP/1.1 client for the command line and for tests: one
// connection, kept alive between calls, every wait bounded and cancellable.
#pragma once

#include "transport/address.hpp"
#include "transport/http/message.hpp"
#include "transport/http/sse.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace sluice::transport::http {

struct client_settings {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds read_timeout{120'000}; ///< without a byte
  std::size_t body_limit = 64 * 1024 * 1024;       ///< bytes, not for streams
  /// Asked about every 20 ms while waiting; true ends the call with
  /// http_error "cancelled" and closes the connection.
  std::function<bool()> cancelled = {};
};

/// One connection to one server. Not thread-safe.
class client {
public:
  /// Connects at the first call.
  explicit client(address where, client_settings settings = {});
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// Sends and waits for the whole answer. Host and Content-Length are added;
  /// Content-Type is application/json when there is a body and it is not
  /// given. Throws http_error: "cannot connect to 127.0.0.1:1: Connection
  /// refused", "no answer from ... within 120 s".
  response send(std::string_view method, std::string_view target,
                std::string_view body = {}, const header_list& headers = {});

  /// As send(), but the body of a 2xx answer goes to `on_bytes` as it comes
  /// and stays empty in the result. When `on_bytes` returns false, the
  /// connection is closed and the call returns.
  response stream(std::string_view method, std::string_view target,
                  std::string_view body,
                  const std::function<bool(std::string_view)>& on_bytes,
                  const header_list& headers = {});

  /// As stream(), event by event ("[DONE]" included).
  response events(std::string_view method, std::string_view target,
                  std::string_view body, event_reader::callback on_event,
                  const header_list& headers = {});

  void close();

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::transport::http
