// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/connection.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

namespace sluice::transport::http {

namespace asio = boost::asio;

response server_core::refusal(unsigned status, std::string_view why) const {
  if (settings.refuse)
    return settings.refuse(status, why);
  return {status, {{"Content-Type", "text/plain"}}, std::string{why} + "\n"};
}

connection::connection(tcp::socket socket, std::shared_ptr<server_core> core)
    : core_{std::move(core)}, socket_{std::move(socket)},
      read_timer_{socket_.get_executor()}, write_timer_{
                                               socket_.get_executor()} {}

connection::~connection() {
  const std::lock_guard lock{core_->mutex};
  core_->open.erase(this); // already done unless it never started
}

// -- life ---------------------------------------------------------------------

void connection::enroll() {
  {
    const std::lock_guard lock{core_->mutex};
    core_->open.insert(this);
  }
  if (core_->settings.on_connections)
    core_->settings.on_connections(1);
}

void connection::start() {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  enroll();
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    if (self->core_->stopping)
      return self->close(close_reason::stopped);
    self->expect_request();
  });
}

void connection::start_refusing() {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  enroll();
  asio::dispatch(socket_.get_executor(), [self = shared_from_this()] {
    self->refuse(503, "too many connections");
    self->read_more();
  });
}

void connection::stop_gently() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->stage_ != stage::handling)
      self->close(close_reason::stopped);
  });
}

void connection::stop_now() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->close(close_reason::stopped);
  });
}

void connection::close(close_reason why) {
  if (stage_ == stage::closed)
    return;
  stage_ = stage::closed;
  {
    const std::lock_guard lock{out_mutex_};
    cut_ = true;
    pending_ = {};
  }
  error_code ignored;
  read_timer_.cancel();
  write_timer_.cancel();
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  if (const auto current = current_.lock())
    current->close(why);
  if (core_->settings.on_connections)
    core_->settings.on_connections(-1);
  const std::lock_guard lock{core_->mutex};
  core_->open.erase(this);
  core_->closed.notify_all();
}

} // namespace sluice::transport::http
