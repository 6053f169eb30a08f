// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// What the sessions and handshakes of an endpoint share. Inside transport/link
// only; lives as long as any of them.
#pragma once

#include "transport/link/endpoint.hpp"
#include "transport/tls/context.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unordered_set>

namespace sluice::transport::link {

class session_core;
class listener;

/// Something that stop() must end.
class stoppable {
public:
  virtual ~stoppable() = default;
  virtual void cancel() = 0; ///< any thread, any number of times
};

struct endpoint_core : std::enable_shared_from_this<endpoint_core> {
  explicit endpoint_core(endpoint_settings given);

  endpoint_settings settings;
  token16 instance{};
  std::optional<tls::context> tls; ///< none when insecure
  link_counters counters;
  buffer_pool pool;

  std::mutex mutex; // guards what follows
  bool stopping = false;
  std::map<token16, std::shared_ptr<session_core>> sessions;
  std::set<std::shared_ptr<stoppable>> busy; // handshakes, dials, listeners
  std::vector<std::thread> threads;

  // Last: what it drops may use the above.
  boost::asio::io_context context;
  std::optional<
      boost::asio::executor_work_guard<boost::asio::io_context::executor_type>>
      work;

  /// Counts, and writes the line "link: WHO: WHAT: why".
  void report(fault what, const std::string& who, const std::string& why);
  /// False when stopping: `one` must not begin.
  bool enroll(const std::shared_ptr<stoppable>& one);
  void leave(const std::shared_ptr<stoppable>& one);
  void forget(const token16& session);
};

/// 16 bytes that nobody can guess.
token16 random_token();
/// Throws link_error when nothing but loopback will do and this is something
/// else.
void require_loopback(const endpoint_core& core,
                      const boost::asio::ip::tcp::endpoint& where);

} // namespace sluice::transport::link
