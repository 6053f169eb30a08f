// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/listener.hpp"

#include "transport/link/session_core.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace sluice::transport::link {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

namespace {

// Pause after accept() failed for want of descriptors or memory.
constexpr std::chrono::milliseconds accept_pause{100};

[[noreturn]] void cannot_listen(const address& where, const error_code& ec) {
  throw link_error{"cannot listen on " + to_string(where) + ": "
                   + ec.message()};
}

tcp::endpoint first_endpoint(asio::io_context& context, const address& where) {
  if (where.host.empty())
    return {tcp::v6(), where.port};
  error_code ec;
  const auto found = tcp::resolver{context}.resolve(
      where.host, std::to_string(where.port), tcp::resolver::passive, ec);
  if (ec)
    cannot_listen(where, ec);
  return found.begin()->endpoint();
}

std::string name_of(const tcp::socket& socket) {
  error_code ec;
  const auto end = socket.remote_endpoint(ec);
  return ec ? "a peer"
            : to_string(address{end.address().to_string(), end.port()});
}

} // namespace

listener::listener(std::shared_ptr<endpoint_core> core,
                   endpoint::acceptance accept)
    : core_{std::move(core)}, accept_{std::move(accept)},
      strand_{asio::make_strand(core_->context)}, acceptor_{strand_},
      pause_{strand_} {}

address listener::listen(const address& where) {
  const auto at = first_endpoint(core_->context, where);
  require_loopback(*core_, at);
  error_code ec;
  acceptor_.open(at.protocol(), ec);
  if (!ec)
    acceptor_.set_option(tcp::acceptor::reuse_address(true), ec);
  if (!ec && where.host.empty())
    acceptor_.set_option(asio::ip::v6_only(false), ec);
  if (!ec)
    acceptor_.bind(at, ec);
  if (!ec)
    acceptor_.listen(tcp::acceptor::max_listen_connections, ec);
  if (ec)
    cannot_listen(where, ec);
  const auto bound = acceptor_.local_endpoint();
  asio::post(strand_, [self = shared_from_this()] { self->accept(); });
  return {where.host.empty() ? "" : bound.address().to_string(), bound.port()};
}

void listener::cancel() {
  asio::post(strand_, [self = shared_from_this()] {
    error_code ignored;
    self->acceptor_.close(ignored);
    self->pause_.cancel();
    self->core_->leave(self);
  });
}

void listener::accept() {
  if (!acceptor_.is_open())
    return;
  acceptor_.async_accept(
      core_->context,
      [self = shared_from_this()](const error_code& ec, tcp::socket socket) {
        if (!self->acceptor_.is_open())
          return;
        if (!ec) {
          self->welcome(std::move(socket));
          return self->accept();
        }
        // Out of descriptors: the connection stays in the kernel's queue, so
        // trying again at once would spin.
        self->pause_.expires_after(accept_pause);
        self->pause_.async_wait([self](const error_code& cancelled) {
          if (!cancelled)
            self->accept();
        });
      });
}

void listener::welcome(tcp::socket socket) {
  ++core_->counters.accepted;
  auto who = name_of(socket);
  {
    const std::lock_guard lock{core_->mutex};
    if (core_->busy.size() >= core_->settings.max_handshakes)
      return; // the socket closes; whoever means it comes again
  }
  auto stream = core_->tls ? byte_stream::secure(std::move(socket),
                                                 core_->tls->accepting())
                           : byte_stream::plain(std::move(socket));
  const auto begun = std::make_shared<greeting>(
      core_, asio::make_strand(core_->context), std::move(stream),
      std::vector<std::byte>{},
      [self = shared_from_this(), who](greeting_result guest) {
        self->judge(std::move(guest), who);
      });
  if (core_->enroll(begun))
    begun->start();
}

void listener::refuse(const greeting_result& guest, const std::string& who,
                      fault what, refusal_reason reason,
                      const std::string& why) {
  core_->report(what, who, why);
  const auto bytes = greeting_bytes(refusal{reason, why});
  const iovec all{const_cast<std::byte*>(bytes.data()), bytes.size()};
  guest.stream->write({&all, 1}); // a courtesy: one try
  guest.stream->shut_down_sending();
}

void listener::judge(greeting_result guest, const std::string& who) {
  if (!guest.frame)
    return core_->report(guest.what, who, guest.why);
  const auto* said = std::get_if<hello>(&*guest.frame);
  if (said == nullptr)
    return core_->report(fault::malformed_frame, who, "it did not say hello");
  const auto& own = core_->settings;
  const auto name = said->node + " at " + who;
  const auto version = std::min(own.versions.most, said->versions.most);
  if (version < std::max(own.versions.least, said->versions.least))
    return refuse(guest, name, fault::wrong_version, refusal_reason::version,
                  "it speaks versions " + std::to_string(said->versions.least)
                      + " to " + std::to_string(said->versions.most)
                      + " of the protocol, this node "
                      + std::to_string(own.versions.least) + " to "
                      + std::to_string(own.versions.most));
  if (guest.stream->is_secure()) {
    if (!guest.stream->peer_is_node())
      return refuse(guest, name, fault::bad_certificate,
                    refusal_reason::identity, "its certificate is no node's");
    const auto names = guest.stream->peer_names();
    if (std::find(names.begin(), names.end(), said->node) == names.end())
      return refuse(guest, name, fault::wrong_identity,
                    refusal_reason::identity,
                    "its certificate is not for '" + said->node + "'");
  }
  if (said->cluster != own.cluster)
    return refuse(guest, name, fault::wrong_cluster, refusal_reason::cluster,
                  "its cluster is '" + said->cluster + "', this one is '"
                      + own.cluster + "'");
  if (said->graph_hash != own.graph_hash)
    return refuse(guest, name, fault::wrong_graph, refusal_reason::graph,
                  "it runs another graph");
  const auto hello = *said;
  admit(std::move(guest), hello, version);
}

void listener::admit(greeting_result guest, const hello& said,
                     std::uint16_t version) {
  std::shared_ptr<session_core> to;
  std::vector<std::shared_ptr<session_core>> outdated;
  bool is_new = false;
  bool full = false;
  {
    const std::lock_guard lock{core_->mutex};
    const auto found = core_->sessions.find(said.session);
    full = core_->sessions.size() >= core_->settings.max_sessions;
    if (found != core_->sessions.end()) {
      to = found->second;
    } else if (said.fresh && !full && !core_->stopping) {
      to = std::make_shared<session_core>(core_, said.session, said.node,
                                          nullptr);
      core_->sessions[said.session] = to;
      is_new = true;
    }
    for (const auto& [id, one] : core_->sessions)
      if (one->outdated_by(said.node, said.instance))
        outdated.push_back(one);
  }
  for (const auto& one : outdated)
    one->lost("its peer has started anew");
  if (!to && said.fresh)
    return refuse(guest, said.node, fault::full, refusal_reason::full,
                  "too many sessions");
  if (!to || to->ended())
    return refuse(guest, said.node, fault::unknown_session,
                  refusal_reason::unknown_session, "no such session");
  if (to->peer() != said.node)
    return refuse(guest, said.node, fault::wrong_identity,
                  refusal_reason::identity, "the session is another's");
  auto shared = std::make_shared<greeting_result>(std::move(guest));
  asio::post(to->strand(), [self = shared_from_this(), to, shared, said,
                            version, is_new] {
    if (is_new) {
      try {
        to->set_events(self->accept_ ? self->accept_(to) : session_events{});
      } catch (const std::exception&) {
        to->abort();
      }
    }
    if (to->ended() || !to->note_attempt(said.attempt))
      return shared->stream->shut_down();
    const auto& core = *self->core_;
    const link::welcome answer{version, core.settings.node, core.instance,
                               to->received_so_far()};
    to->attach(std::move(*shared), said.node, said.instance, said.progress,
               greeting_bytes(answer));
  });
}

} // namespace sluice::transport::link
