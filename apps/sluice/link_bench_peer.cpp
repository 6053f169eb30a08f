// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/sluice/link_bench_peer.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <vector>

namespace sluice::apps {

using namespace transport;

namespace {

// One order after another from one connection at a time.
void serve_socket(int connection) {
  std::vector<char> frame;
  socket_order order;
  while (receive_exactly(connection, &order, sizeof order)) {
    frame.resize(order.size);
    for (std::uint64_t i = 0; i < order.count; ++i) {
      if (!receive_exactly(connection, frame.data(), frame.size())
          || (order.echo
              && !send_exactly(connection, frame.data(), frame.size())))
        return;
    }
    const char done = 1;
    if (!order.echo && !send_exactly(connection, &done, 1))
      return;
  }
}

int listen_on_loopback(std::uint16_t& port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* generic = reinterpret_cast<sockaddr*>(&at);
  if (listener < 0 || ::bind(listener, generic, size) != 0
      || ::listen(listener, 8) != 0
      || ::getsockname(listener, generic, &size) != 0)
    throw std::runtime_error{"cannot listen on loopback"};
  port = ntohs(at.sin_port);
  return listener;
}

void accept_sockets(int listener) {
  for (;;) {
    const int connection = ::accept(listener, nullptr, nullptr);
    if (connection < 0)
      return;
    const int yes = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    serve_socket(connection);
    ::close(connection);
  }
}

// A channel named "64" carries frames of 64 bytes.
void open_channel(const std::shared_ptr<link::session>& session,
                  std::uint32_t number, const std::string& name) {
  const std::size_t size = std::stoull(name);
  // The events hold the channel until the session ends and drops them.
  auto own = std::make_shared<std::shared_ptr<link::channel>>();
  link::channel_events events;
  events.on_message = [own, size](link::message what) {
    const auto& channel = *own;
    channel->grant({1, size});
    if (what.kind == link_order::echo)
      channel->send(std::move(what));
    else if (what.kind == link_order::answer)
      channel->send({});
  };
  *own = session->open(number, {name}, events);
  const auto window = window_bytes(size);
  (*own)->grant({window / size, window});
}

std::uint16_t serve_links(link::endpoint& on) {
  return on
      .listen({"127.0.0.1", 0},
              [](const std::shared_ptr<link::session>& session) {
                link::session_events events;
                events.on_channel = [weak = std::weak_ptr{session}](
                                        auto number, const auto& name) {
                  if (const auto alive = weak.lock())
                    open_channel(alive, number, name);
                };
                return events;
              })
      .port;
}

[[noreturn]] void run_peer(const tls::credentials& own, int ports_to,
                           int stop_from) {
  try {
    peer_ports ports;
    const int listener = listen_on_loopback(ports.socket);
    std::thread{[listener] { accept_sockets(listener); }}.detach();
    link::endpoint plain{link_bench_settings("there", nullptr)};
    link::endpoint secure{link_bench_settings("there", &own)};
    ports.link = serve_links(plain);
    ports.tls_link = serve_links(secure);
    char byte = 0;
    if (::write(ports_to, &ports, sizeof ports) == sizeof ports)
      while (::read(stop_from, &byte, 1) > 0) {
      }
  } catch (...) { // the parent sees that no ports come
  }
  ::_exit(0);
}

} // namespace

link::endpoint_settings link_bench_settings(const std::string& node,
                                            const tls::credentials* own) {
  link::endpoint_settings out;
  out.node = node;
  out.cluster = "bench";
  out.insecure = own == nullptr;
  if (own != nullptr)
    out.credentials = *own;
  return out;
}

std::size_t window_bytes(std::size_t size) {
  // Enough that neither side waits for the other's word, little enough to stay
  // in the cache; at least two frames.
  return std::max<std::size_t>(2 * size,
                               std::min<std::size_t>(4 << 20, 512 * size));
}

bool send_exactly(int socket, const void* bytes, std::size_t size) {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const auto n = ::send(socket, at, size, MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

bool receive_exactly(int socket, void* bytes, std::size_t size) {
  auto* at = static_cast<char*>(bytes);
  while (size > 0) {
    const auto n = ::recv(socket, at, size, 0);
    if (n <= 0)
      return false;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

link_bench_peer::link_bench_peer(const tls::credentials& own) {
  int ports[2] = {-1, -1};
  int stop[2] = {-1, -1};
  if (::pipe(ports) != 0 || ::pipe(stop) != 0)
    throw std::runtime_error{"cannot make a pipe"};
  process_ = ::fork();
  if (process_ == 0) {
    ::close(ports[0]);
    ::close(stop[1]);
    run_peer(own, ports[1], stop[0]);
  }
  ::close(ports[1]);
  ::close(stop[0]);
  stop_ = stop[1];
  const auto got = process_ < 0 ? -1 : ::read(ports[0], &ports_, sizeof ports_);
  ::close(ports[0]);
  if (got != sizeof ports_)
    throw std::runtime_error{"the other process did not start"};
}

link_bench_peer::~link_bench_peer() {
  ::close(stop_);
  ::waitpid(process_, nullptr, 0);
}

} // namespace sluice::apps
