// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One accepted socket: reads requests, hands each to the handler, writes the
// answer. Used by server.cpp alone. All socket work runs on the connection's
// strand; only the output queue is shared with other threads.
#pragma once

#include "transport/http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_set>

namespace sluice::transport::http {

class connection;

/// What all connections of a server share. Lives as long as any of them, so
/// that an exchange may outlive its server.
struct server_core {
  server_settings settings;
  handler handle;
  std::atomic<bool> stopping = false;

  std::mutex mutex; // guards `open`
  std::condition_variable closed;
  std::unordered_set<connection*> open;

  boost::asio::io_context context; // last: what it drops may use the above

  response refusal(unsigned status, std::string_view why) const;
};

class connection final : public wire,
                         public std::enable_shared_from_this<connection> {
public:
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;

  connection(tcp::socket socket, std::shared_ptr<server_core> core);
  ~connection() override;

  /// Begins to read.
  void start();
  /// Answers 503 and closes: the house is full.
  void start_refusing();
  /// Any thread: closes when idle, else after the answer in progress.
  void stop_gently();
  /// Any thread: closes now.
  void stop_now();

  void send(response value) override;
  void send_head(response head) override;
  bool send_piece(std::string_view bytes) override;
  void send_end() override;
  void abandon() override;

private:
  enum class stage : std::uint8_t {
    idle,     ///< no byte of the next request yet
    header,   ///< some bytes of it
    body,     ///< all of its head
    handling, ///< the handler has it
    leaving,  ///< our side is shut; the client's last bytes are dropped
    closed,
  };
  using parser =
      boost::beast::http::request_parser<boost::beast::http::string_body>;

  // Reading, on the strand.
  void enroll();
  void expect_request();
  void read_more();
  void on_read(error_code ec, std::size_t bytes);
  void process();
  void check_header();
  bool handle_parse_error(error_code ec);
  void dispatch();
  void refuse(unsigned status, std::string_view why);
  void arm(stage next);
  void on_timeout();

  // Writing: append from any thread, flush on the strand.
  void queue(std::string_view bytes, bool last);
  void flush();
  void write_some();
  void tell_backlog();
  void on_answered();
  void leave();
  void close(close_reason reason);

  std::shared_ptr<server_core> core_; // first: its context outlives the rest
  tcp::socket socket_;
  boost::asio::steady_timer read_timer_;
  boost::asio::steady_timer write_timer_;

  // Strand only.
  stage stage_ = stage::idle;
  bool reading_ = false; // an async read is outstanding
  bool writing_now_ = false;
  bool told_much_ = false; // the exchange knows of a backlog
  bool header_checked_ = false;
  std::size_t header_bytes_ = 0;
  std::size_t dropped_bytes_ = 0; // while leaving
  boost::beast::flat_buffer in_;
  std::optional<parser> parser_;
  std::weak_ptr<exchange> current_;
  std::string writing_;
  std::size_t written_ = 0;

  // Set by the strand before a request is handed out, read by its answer.
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool chunked_ = true;

  std::mutex out_mutex_; // guards what follows
  std::string pending_;
  std::size_t in_flight_ = 0; // bytes in writing_ not written yet
  bool flush_posted_ = false;
  bool backlog_posted_ = false; // until little is left
  bool answered_ = false;       // pending_ holds the end of the answer
  bool cut_ = false;            // nothing more will be written
};

} // namespace sluice::transport::http
