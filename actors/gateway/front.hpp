// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The gateway's HTTP side: routes, API keys, parsing, and every answer that
// needs no model. Runs on I/O threads; what needs the graph is handed on as a
// submission. Knows no actor.
#pragma once

#include "actors/gateway/door.hpp"
#include "actors/gateway/flight.hpp"
#include "actors/runtime/metrics.hpp"
#include "transport/http/server.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::actors {

struct front_settings {
  transport::http::server_settings http;
  std::vector<std::string> api_keys; ///< empty: everybody may ask
  request_limits limits;
  std::string cors_origin; ///< "*" or one origin; "" says nothing
};

/// Where a front's work goes. Called on I/O threads.
struct front_hooks {
  std::function<void(submission)> submit;
  std::function<void(std::uint64_t id, transport::http::close_reason)> gone;
};

class front {
public:
  /// Listens at once: /health says 503 until `state` opens. `figures` must
  /// outlive it. Throws transport::http::http_error when it cannot listen.
  front(front_settings settings, std::shared_ptr<door> state, metrics& figures,
        front_hooks hooks);

  transport::address listening() const { return server_->listening(); }
  void stop(std::chrono::milliseconds grace) { server_->stop(grace); }

private:
  using exchange_ptr = std::shared_ptr<transport::http::exchange>;
  using http_request = transport::http::request;
  struct route;

  static const route* find_route(std::string_view path);
  static transport::http::response wrong_method(const route& to,
                                                std::string_view method);
  void take(http_request got, exchange_ptr out);
  bool may_ask(const http_request& got) const;
  transport::http::response answer(const route& to, const http_request& got);

  void generate(endpoint kind, const http_request& got, exchange_ptr out);
  transport::http::response health() const;
  transport::http::response models(const http_request& got) const;
  transport::http::response tokenize(const http_request& got) const;
  transport::http::response detokenize(const http_request& got) const;

  front_settings settings_;
  std::shared_ptr<door> door_;
  metrics* figures_;
  front_hooks hooks_;
  std::int64_t started_; // seconds since 1970
  std::atomic<std::uint64_t> next_id_;
  std::unique_ptr<transport::http::server> server_; // last: its threads use us
};

/// "60", "1.5" seconds of the header X-Request-Timeout; nullopt when absent.
parsed<std::optional<std::chrono::milliseconds>>
parse_timeout(const transport::http::header_list& headers);

/// Equal, in a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) noexcept;

} // namespace sluice::actors
