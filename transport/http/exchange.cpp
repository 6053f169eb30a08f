// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/exchange.hpp"

#include <utility>

namespace sluice::transport::http {

exchange::exchange(std::shared_ptr<wire> out) : out_{std::move(out)} {}

exchange::~exchange() {
  if (phase_ == phase::waiting)
    respond({500, {{"Content-Type", "text/plain"}}, "no answer\n"});
  else if (phase_ == phase::streaming)
    out_->abandon();
}

namespace {

void append(header_list& to, const header_list& more) {
  to.insert(to.end(), more.begin(), more.end());
}

} // namespace

void exchange::add_header(std::string name, std::string value) {
  const std::lock_guard lock{mutex_};
  headers_.emplace_back(std::move(name), std::move(value));
}

void exchange::respond(response value) {
  close_callback dropped; // destroyed outside the lock
  {
    const std::lock_guard lock{mutex_};
    if (phase_ != phase::waiting)
      return;
    phase_ = phase::done;
    dropped.swap(callback_);
    append(value.headers, headers_);
  }
  out_->send(std::move(value));
}

void exchange::begin_stream(unsigned status, header_list headers) {
  {
    const std::lock_guard lock{mutex_};
    if (phase_ != phase::waiting)
      return;
    phase_ = phase::streaming;
    append(headers, headers_);
  }
  out_->send_head({status, std::move(headers), {}});
}

bool exchange::write(std::string_view bytes) {
  {
    const std::lock_guard lock{mutex_};
    if (phase_ != phase::streaming)
      return false;
  }
  return out_->send_piece(bytes);
}

void exchange::end() {
  close_callback dropped;
  {
    const std::lock_guard lock{mutex_};
    if (phase_ != phase::streaming)
      return;
    phase_ = phase::done;
    dropped.swap(callback_);
  }
  out_->send_end();
}

void exchange::on_close(close_callback callback) {
  {
    const std::lock_guard lock{mutex_};
    if (phase_ == phase::done)
      return;
    if (phase_ != phase::closed) {
      callback_ = std::move(callback);
      return;
    }
  }
  callback(reason_);
}

void exchange::on_backlog(backlog_callback callback) {
  const std::lock_guard lock{mutex_};
  backlog_ = std::move(callback);
}

void exchange::backlog(bool much) {
  backlog_callback callback;
  {
    const std::lock_guard lock{mutex_};
    if (phase_ == phase::streaming)
      callback = backlog_;
  }
  if (callback)
    callback(much);
}

void exchange::close(close_reason reason) {
  close_callback callback;
  {
    const std::lock_guard lock{mutex_};
    if (phase_ == phase::done || phase_ == phase::closed)
      return;
    phase_ = phase::closed;
    reason_ = reason;
    callback = std::exchange(callback_, nullptr);
  }
  if (callback)
    callback(reason);
}

} // namespace sluice::transport::http
