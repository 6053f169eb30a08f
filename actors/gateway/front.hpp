// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The gateway's HTTP side: leads each request to its endpoint, answers what
// needs no graph (model_pages.hpp), and parses the rest. Runs on I/O threads;
// what needs the graph is handed on as a submission. Knows no actor.
#pragma once

#include "actors/gateway/door.hpp"
#include "actors/gateway/flight.hpp"
#include "actors/gateway/session_table.hpp"
#include "actors/runtime/metrics.hpp"
#include "transport/http/server.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::actors {

struct route;

/// Somebody asks what the gateway's places do.
struct slots_query {
  std::shared_ptr<transport::http::exchange> client;
  bool must_have_room = false; ///< 503 when none is free
};

struct front_settings {
  transport::http::server_settings http;
  std::vector<std::string> api_keys; ///< empty: everybody may ask
  request_limits limits;
  std::string cors_origin; ///< "*" or one origin; "" says nothing
  session_limits sessions;
  bool slots = true;         ///< /slots tells what runs; off: 501
  std::size_t places = 1024; ///< choices that fit at once, for /props
};

/// Where a front's work goes. Called on I/O threads.
struct front_hooks {
  std::function<void(submission)> submit;
  std::function<void(std::uint64_t id, transport::http::close_reason)> gone;
  /// Much of the answer waits for its client to read, or little is left.
  std::function<void(std::uint64_t id, bool much)> backlog = [](auto, auto) {};
  std::function<void()> session_opened = [] {};
  std::function<void(session_table::removed)> session_removed = [](auto) {};
  std::function<void(slots_query)> slots = [](const auto&) {};
};

class front {
public:
  /// Listens at once: /health says 503 until `state` opens. `figures` must
  /// outlive it. Throws transport::http::http_error when it cannot listen.
  front(front_settings settings, std::shared_ptr<door> state, metrics& figures,
        front_hooks hooks);

  transport::address listening() const { return server_->listening(); }
  void stop(std::chrono::milliseconds grace) { server_->stop(grace); }
  const std::shared_ptr<session_table>& sessions() const noexcept {
    return sessions_;
  }

private:
  using exchange_ptr = std::shared_ptr<transport::http::exchange>;
  using http_request = transport::http::request;

  void take(http_request got, exchange_ptr out);
  transport::http::response answer(const route& to,
                                   const http_request& got) const;
  void generate(const route& to, const http_request& got, exchange_ptr out);
  parsed<api_request> parse(const route& to, std::string_view body,
                            const catalogue& models) const;
  void slots(const http_request& got, exchange_ptr out) const;
  /// Hands a parsed request on to the graph, or refuses it.
  void submit(api_request what, const http_request& got, exchange_ptr out,
              session_table::lease_ptr lease);

  void session(const route& to, const http_request& got, exchange_ptr out);
  transport::http::response open_session(const http_request& got,
                                         const catalogue& models,
                                         std::string_view owner);
  transport::http::response delete_session(const std::string& id,
                                           std::string_view owner);
  void feed_session(const route& to, const http_request& got, exchange_ptr out,
                    std::string_view owner);
  static parsed<api_request> append_to(session_lease& lease,
                                       std::string_view body);

  front_settings settings_;
  std::shared_ptr<door> door_;
  metrics* figures_;
  front_hooks hooks_;
  std::shared_ptr<session_table> sessions_;
  std::int64_t started_; // seconds since 1970
  std::atomic<std::uint64_t> next_id_;
  std::unique_ptr<transport::http::server> server_; // last: its threads use us
};

} // namespace sluice::actors
