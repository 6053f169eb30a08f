// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/dial_attempt.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace sluice::transport::link {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

dial_attempt::dial_attempt(std::shared_ptr<endpoint_core> core,
                           std::shared_ptr<session_core> session, address where,
                           std::string peer)
    : core_{std::move(core)}, session_{std::move(session)}, where_{std::move(
                                                                where)},
      peer_{std::move(peer)}, resolver_{session_->strand()},
      socket_{session_->strand()}, limit_{session_->strand()} {
  if (where_.host.empty())
    where_.host = "127.0.0.1";
}

void dial_attempt::start() {
  const auto self = shared_from_this();
  limit_.expires_after(core_->settings.connect_timeout);
  limit_.async_wait([self](const error_code& ec) {
    if (!ec)
      self->fail(fault::unreachable, "no connection in time", false);
  });
  resolver_.async_resolve(
      where_.host, std::to_string(where_.port),
      [self](const error_code& ec, const tcp::resolver::results_type& found) {
        if (self->done_)
          return;
        if (ec)
          return self->fail(fault::unreachable, ec.message(), false);
        self->connect(found);
      });
}

void dial_attempt::cancel() {
  asio::post(session_->strand(), [self = shared_from_this()] {
    self->done_ = true;
    error_code ignored;
    self->limit_.cancel();
    self->resolver_.cancel();
    self->socket_.close(ignored);
    self->core_->leave(self);
  });
}

void dial_attempt::fail(fault what, const std::string& why, bool give_up) {
  if (std::exchange(done_, true))
    return;
  error_code ignored;
  limit_.cancel();
  resolver_.cancel();
  socket_.close(ignored);
  core_->leave(shared_from_this());
  session_->not_attached(what, to_string(where_) + ": " + why, give_up);
}

void dial_attempt::connect(const tcp::resolver::results_type& found) {
  try {
    for (const auto& one : found)
      require_loopback(*core_, one.endpoint());
  } catch (const link_error& error) {
    return fail(fault::unreachable, error.what(), true);
  }
  asio::async_connect(
      socket_, found,
      [self = shared_from_this()](const error_code& ec, const tcp::endpoint&) {
        if (self->done_)
          return;
        if (ec)
          return self->fail(fault::unreachable, ec.message(), false);
        self->greet();
      });
}

void dial_attempt::greet() {
  limit_.cancel();
  done_ = true; // the handshake has its own deadline
  core_->leave(shared_from_this());
  auto stream = core_->tls ? byte_stream::secure(std::move(socket_),
                                                 core_->tls->connecting(peer_))
                           : byte_stream::plain(std::move(socket_));
  const auto begun = std::make_shared<greeting>(
      core_, session_->strand(), std::move(stream),
      greeting_bytes(session_->next_hello()),
      [self = shared_from_this()](greeting_result server) {
        self->judge(std::move(server));
      });
  if (core_->enroll(begun))
    begun->start();
}

void dial_attempt::judge(greeting_result server) {
  const auto give_up = [&](fault what, const std::string& why) {
    session_->not_attached(what, to_string(where_) + ": " + why, true);
  };
  if (session_->ended())
    return server.stream->shut_down();
  if (!server.frame) {
    // Who was a link before may be one again.
    const bool never =
        server.what == fault::bad_certificate
        || (server.what == fault::foreign_protocol && session_->fresh());
    return session_->not_attached(server.what,
                                  to_string(where_) + ": " + server.why, never);
  }
  if (const auto* no = std::get_if<refusal>(&*server.frame))
    return judge(*no);
  const auto* yes = std::get_if<welcome>(&*server.frame);
  if (yes == nullptr)
    return give_up(fault::malformed_frame, "no answer to a hello");
  const auto& versions = core_->settings.versions;
  if (yes->version < versions.least || yes->version > versions.most)
    return give_up(fault::wrong_version,
                   "it chose version " + std::to_string(yes->version));
  const auto names = server.stream->peer_names();
  const bool named =
      !server.stream->is_secure()
      || (server.stream->peer_is_node()
          && std::find(names.begin(), names.end(), yes->node) != names.end());
  if (!named || (!peer_.empty() && yes->node != peer_))
    return give_up(fault::wrong_identity, "this is '" + yes->node + "'");
  const auto said = *yes;
  session_->attach(std::move(server), said.node, said.instance, said.progress,
                   {});
}

void dial_attempt::judge(const refusal& said) {
  static constexpr fault meaning[] = {
      fault::wrong_version,  fault::wrong_cluster,   fault::wrong_graph,
      fault::wrong_identity, fault::unknown_session, fault::full,
      fault::malformed_frame};
  const auto what = meaning[static_cast<std::size_t>(said.reason)];
  const auto why = to_string(where_) + " refuses: " + said.text;
  if (said.reason == refusal_reason::unknown_session) {
    core_->report(what, session_->peer(), why);
    return session_->unknown_to_peer();
  }
  session_->not_attached(what, why, said.reason != refusal_reason::full);
}

} // namespace sluice::transport::link
