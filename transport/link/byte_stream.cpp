// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/byte_stream.hpp"

#include "transport/link/tls_stream.hpp"

#include <boost/asio/bind_executor.hpp>

#include <cerrno>
#include <cstring>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sluice::transport::link {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

namespace {

// What the kernel may hold of ours that the network has not taken yet. More
// would only be a queue that priorities cannot reach.
constexpr int unsent_bytes = 512 * 1024;

class plain_stream final : public byte_stream {
public:
  explicit plain_stream(tcp::socket socket) : byte_stream{std::move(socket)} {}

  io_result handshake(bool&) override { return {}; }
  io_result read(std::span<const iovec> parts) override {
    msghdr head{};
    head.msg_iov = const_cast<iovec*>(parts.data());
    head.msg_iovlen = parts.size();
    return outcome(::recvmsg(descriptor(), &head, MSG_DONTWAIT), true);
  }
  io_result write(std::span<const iovec> parts) override {
    return send_plain(parts);
  }
  io_result flush() override { return {}; }
  bool is_secure() const noexcept override { return false; }
  std::vector<std::string> peer_names() const override { return {}; }
  bool peer_is_node() const override { return false; }
};

} // namespace

io_result outcome(ssize_t result, bool reading) {
  io_result out;
  if (result > 0 || (result == 0 && !reading)) {
    out.bytes = static_cast<std::size_t>(result);
  } else if (result == 0) {
    out.ended = true;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    out.blocked = true;
  } else {
    out.ended = true;
    out.error = std::strerror(errno);
  }
  return out;
}

std::shared_ptr<byte_stream> byte_stream::plain(tcp::socket socket) {
  return std::make_shared<plain_stream>(std::move(socket));
}

std::shared_ptr<byte_stream> byte_stream::secure(tcp::socket socket,
                                                 tls::ssl_ptr tls) {
  return std::make_shared<tls_stream>(std::move(socket), std::move(tls));
}

byte_stream::byte_stream(tcp::socket socket)
    : socket_{std::move(socket)}, fd_{socket_.native_handle()} {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes,
               sizeof unsent_bytes);
}

io_result byte_stream::send_plain(std::span<const iovec> parts) const {
  msghdr head{};
  head.msg_iov = const_cast<iovec*>(parts.data());
  head.msg_iovlen = parts.size();
  return outcome(::sendmsg(fd_, &head, MSG_DONTWAIT | MSG_NOSIGNAL), false);
}

void byte_stream::wait(tcp::socket::wait_type what,
                       const asio::any_io_executor& where, handler then) {
  const std::lock_guard lock{mutex_};
  socket_.async_wait(what, asio::bind_executor(where, [next = std::move(then)](
                                                          const error_code&) {
                       next(); // it finds out by itself what is wrong
                     }));
}

void byte_stream::wait_readable(const asio::any_io_executor& where,
                                handler then) {
  wait(tcp::socket::wait_read, where, std::move(then));
}

void byte_stream::wait_writable(const asio::any_io_executor& where,
                                handler then) {
  wait(tcp::socket::wait_write, where, std::move(then));
}

void byte_stream::shut_down() noexcept {
  ::shutdown(fd_, SHUT_RDWR);
}

void byte_stream::shut_down_sending() noexcept {
  ::shutdown(fd_, SHUT_WR);
}

} // namespace sluice::transport::link
