// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/server.hpp"

#include "transport/http/connection.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <cassert>
#include <thread>

namespace sluice::transport::http {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

namespace {

// Connections above the limit that are told so; beyond them, silence.
constexpr std::size_t max_refusals = 64;
// Pause after accept() failed for want of descriptors or memory.
constexpr std::chrono::milliseconds accept_pause{100};

[[noreturn]] void cannot_listen(const address& where, const error_code& ec) {
  throw http_error{"cannot listen on " + to_string(where) + ": "
                   + ec.message()};
}

// Where to bind, best first. All interfaces: IPv6 that takes IPv4 too, or
// IPv4 alone where the machine has no IPv6. Names: IPv4 first, because that
// is what "localhost" means to most clients.
std::vector<tcp::endpoint> endpoints(asio::io_context& context,
                                     const address& where) {
  if (where.host.empty())
    return {{tcp::v6(), where.port}, {tcp::v4(), where.port}};
  error_code ec;
  tcp::resolver resolver{context};
  const auto found = resolver.resolve(where.host, std::to_string(where.port),
                                      tcp::resolver::passive, ec);
  if (ec)
    cannot_listen(where, ec);
  std::vector<tcp::endpoint> out;
  for (const bool v4 : {true, false})
    for (const auto& entry : found)
      if (entry.endpoint().address().is_v4() == v4)
        out.push_back(entry.endpoint());
  return out;
}

error_code try_listen(tcp::acceptor& acceptor, const tcp::endpoint& where,
                      bool both_families) {
  error_code ec;
  acceptor.open(where.protocol(), ec);
  if (!ec)
    acceptor.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && both_families && where.protocol() == tcp::v6())
    acceptor.set_option(asio::ip::v6_only(false), ec);
  if (!ec)
    acceptor.bind(where, ec);
  if (!ec)
    acceptor.listen(tcp::acceptor::max_listen_connections, ec);
  if (ec) {
    error_code ignored;
    acceptor.close(ignored);
  }
  return ec;
}

} // namespace

struct server::impl {
  explicit impl(server_settings settings, handler handle)
      : core{std::make_shared<server_core>()}, acceptor{asio::make_strand(
                                                   core->context)},
        pause{acceptor.get_executor()} {
    core->settings = std::move(settings);
    core->handle = std::move(handle);
  }

  std::shared_ptr<server_core> core;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  address bound;
  std::vector<std::thread> threads;

  void listen();
  void accept();
  void welcome(tcp::socket socket);
  std::vector<std::shared_ptr<connection>> open_connections();
};

void server::impl::listen() {
  const auto& wanted = core->settings.listen;
  error_code ec;
  for (const auto& where : endpoints(core->context, wanted)) {
    ec = try_listen(acceptor, where, wanted.host.empty());
    // Busy is the answer; another address would only hide it.
    if (!ec || ec == asio::error::address_in_use)
      break;
  }
  if (ec)
    cannot_listen(wanted, ec);
  const auto end = acceptor.local_endpoint();
  bound = {wanted.host.empty() ? "" : end.address().to_string(), end.port()};
}

void server::impl::accept() {
  acceptor.async_accept(asio::make_strand(core->context),
                        [this](const error_code& ec, tcp::socket socket) {
                          if (core->stopping
                              || ec == asio::error::operation_aborted)
                            return;
                          if (!ec) {
                            welcome(std::move(socket));
                            return accept();
                          }
                          // Out of descriptors (EMFILE) and the like: the
                          // connection stays in the kernel's queue, so trying
                          // again at once would spin.
                          pause.expires_after(accept_pause);
                          pause.async_wait([this](const error_code& cancelled) {
                            if (!cancelled && !core->stopping)
                              accept();
                          });
                        });
}

void server::impl::welcome(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  std::size_t count = 0;
  {
    const std::lock_guard lock{core->mutex};
    count = core->open.size();
  }
  if (count >= core->settings.max_connections + max_refusals)
    return; // the socket closes
  auto guest = std::make_shared<connection>(std::move(socket), core);
  if (count >= core->settings.max_connections)
    guest->start_refusing();
  else
    guest->start();
}

std::vector<std::shared_ptr<connection>> server::impl::open_connections() {
  std::vector<std::shared_ptr<connection>> out;
  const std::lock_guard lock{core->mutex};
  for (auto* one : core->open)
    if (auto alive = one->weak_from_this().lock())
      out.push_back(std::move(alive));
  return out;
}

server::server(server_settings settings, handler handle)
    : impl_{std::make_unique<impl>(std::move(settings), std::move(handle))} {
  impl_->listen();
  impl_->accept();
  for (unsigned i = 0; i < std::max(1u, impl_->core->settings.threads); ++i)
    impl_->threads.emplace_back([core = impl_->core] { core->context.run(); });
}

server::~server() {
  stop(std::chrono::milliseconds{0});
}

address server::listening() const {
  return impl_->bound;
}

std::size_t server::connections() const {
  const std::lock_guard lock{impl_->core->mutex};
  return impl_->core->open.size();
}

void server::stop(std::chrono::milliseconds grace) {
  auto& core = *impl_->core;
  if (core.stopping.exchange(true))
    return;
  asio::post(impl_->acceptor.get_executor(), [state = impl_.get()] {
    error_code ignored;
    state->acceptor.close(ignored);
    state->pause.cancel();
  });
  for (const auto& one : impl_->open_connections())
    one->stop_gently();
  {
    std::unique_lock lock{core.mutex};
    core.closed.wait_for(lock, grace, [&] { return core.open.empty(); });
  }
  for (const auto& one : impl_->open_connections())
    one->stop_now();
  // run() returns by itself once no socket or timer is left.
  for (auto& thread : impl_->threads)
    thread.join();
  // A stop_now() that came after the last socket had closed still waits in the
  // context and holds its connection, which holds the context.
  core.context.restart();
  core.context.run();
}

} // namespace sluice::transport::http
