// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Many requests at once to one server, all on the thread that calls run():
// kept connections are used again, every call ends, and a timer serves the
// caller's own schedule. For load generators; knows nothing of what is sent.
#pragma once

#include "transport/address.hpp"
#include "transport/http/message.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sluice::transport::http {

struct async_settings {
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds call_timeout{120'000}; ///< the whole call
  bool keep_alive = true; ///< false: a connection for each call
};

/// How a call ended.
enum class call_end : std::uint8_t {
  done,
  not_connected, ///< refused, unreachable, or not within the connect timeout
  broken_off,    ///< closed in the middle, or not HTTP
  timed_out,
  unwanted, ///< the receiver had enough
  stopped,  ///< by stop()
};

/// Who receives one answer; called on the thread of run().
class answer_receiver {
public:
  virtual ~answer_receiver() = default;
  /// Status and header fields have come.
  virtual void on_head(const response& head) = 0;
  /// A piece of the body as it came; false ends the call.
  virtual bool on_bytes(std::string_view bytes) = 0;
  /// Once, at last; `why` is for people and empty when done. May start the
  /// next call.
  virtual void on_end(call_end how, const std::string& why) = 0;
};

/// Not thread-safe.
class async_client {
public:
  using clock = std::chrono::steady_clock;

  /// Resolves the name. Throws http_error when there is none.
  explicit async_client(const address& where, async_settings settings = {});
  ~async_client();
  async_client(const async_client&) = delete;
  async_client& operator=(const async_client&) = delete;

  /// Sends when run() runs. Host and Content-Length are added.
  void start(std::string_view method, std::string_view target,
             std::string_view body, const header_list& headers,
             std::shared_ptr<answer_receiver> receiver);
  /// Calls `what` at `when`, or as soon after it as the thread is free.
  void at(clock::time_point when, std::function<void()> what);

  /// Returns when every call has ended and every timer has fired.
  void run();
  /// Ends every call with call_end::stopped and forgets the timers.
  void stop();

  std::size_t in_flight() const noexcept;
  /// Connections opened so far, and calls sent once more because a kept
  /// connection turned out to be closed.
  std::size_t connections_opened() const noexcept;
  std::size_t calls_repeated() const noexcept;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace sluice::transport::http
