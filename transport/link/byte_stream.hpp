// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A connected socket, plain or TLS: reads and writes that never block, and a
// wait until they may go on. It calls the system itself, because a link reads
// to several places at once and writes from whatever thread has something to
// say. Knows no frames.
#pragma once

#include "transport/tls/context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <sys/uio.h>

namespace sluice::transport::link {

struct io_result {
  std::size_t bytes = 0;
  bool blocked = false;     ///< wait before the next call
  bool ended = false;       ///< the peer has closed, or the connection broke
  std::string error;        ///< why, when it broke
  bool tls_refused = false; ///< it broke because of a certificate or the like
};

/// One reader and one writer may be at work at the same time. The descriptor
/// is closed by the destructor alone, so that it cannot be another's meanwhile.
class byte_stream {
public:
  using tcp = boost::asio::ip::tcp;
  using handler = std::function<void()>;

  static std::shared_ptr<byte_stream> plain(tcp::socket socket);
  static std::shared_ptr<byte_stream> secure(tcp::socket socket,
                                             tls::ssl_ptr tls);
  virtual ~byte_stream() = default;
  byte_stream(const byte_stream&) = delete;
  byte_stream& operator=(const byte_stream&) = delete;

  /// Goes on with the TLS handshake; done when neither blocked nor ended.
  /// `for_write` says what to wait for.
  virtual io_result handshake(bool& for_write) = 0;
  /// Fills `parts` in order. Fewer bytes than there is room for mean that
  /// there were no more; it is not needed to try again before waiting.
  virtual io_result read(std::span<const iovec> parts) = 0;
  /// Bytes count as written once they may be changed.
  virtual io_result write(std::span<const iovec> parts) = 0;
  /// Writes what read() left to be written (TLS key updates), and what write()
  /// has counted but not passed on.
  virtual io_result flush() = 0;

  virtual bool is_secure() const noexcept = 0;
  /// The DNS names of the peer's certificate.
  virtual std::vector<std::string> peer_names() const = 0;
  virtual bool peer_is_node() const = 0;

  /// Calls `then` on `where` once; also when the stream is shut down.
  void wait_readable(const boost::asio::any_io_executor& where, handler then);
  void wait_writable(const boost::asio::any_io_executor& where, handler then);
  /// Both directions, at once; waits end. Any thread.
  void shut_down() noexcept;
  void shut_down_sending() noexcept;

protected:
  explicit byte_stream(tcp::socket socket);
  int descriptor() const noexcept { return fd_; }
  io_result send_plain(std::span<const iovec> parts) const;

private:
  void wait(tcp::socket::wait_type what,
            const boost::asio::any_io_executor& where, handler then);

  std::mutex mutex_; // guards socket_
  tcp::socket socket_;
  int fd_;
};

} // namespace sluice::transport::link
