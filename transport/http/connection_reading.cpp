// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The strand's half of a connection that reads: requests, their limits and
// timeouts.
#include "transport/http/connection.hpp"

#include <boost/beast/core/string.hpp>

namespace sluice::transport::http {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

// Bytes a client may send ahead of its answer; more waits in the kernel.
constexpr std::size_t pipeline_limit = 64 * 1024;
constexpr std::size_t read_size = 16 * 1024;
// How long, and how much, a closing connection reads on so that the client
// sees our last answer instead of a reset.
constexpr std::chrono::seconds leave_timeout{2};
constexpr std::size_t leave_limit = 16 * 1024 * 1024;

std::string peer_of(const asio::ip::tcp::socket& socket) {
  boost::system::error_code ec;
  const auto end = socket.remote_endpoint(ec);
  if (ec)
    return {};
  return to_string(address{end.address().to_string(), end.port()});
}

// "/a?b" -> "/a"; "http://host/a" -> "/a" (RFC 9112, 3.2.2).
std::string path_of(std::string_view target) {
  if (const auto scheme = target.find("://");
      scheme != target.npos && !target.starts_with('/')) {
    const auto slash = target.find('/', scheme + 3);
    target = slash == target.npos ? "/" : target.substr(slash);
  }
  return std::string{target.substr(0, target.find('?'))};
}

} // namespace

void connection::expect_request() {
  parser_.emplace();
  parser_->eager(true);
  parser_->header_limit(
      static_cast<std::uint32_t>(core_->settings.header_limit));
  parser_->body_limit(core_->settings.body_limit);
  header_checked_ = false;
  header_bytes_ = 0;
  arm(stage::idle);
  process(); // bytes sent ahead
  read_more();
}

void connection::arm(stage next) {
  stage_ = next;
  std::chrono::milliseconds limit{};
  switch (next) {
  case stage::idle:
    limit = core_->settings.idle_timeout;
    break;
  case stage::header:
    limit = core_->settings.header_timeout;
    break;
  case stage::body:
    limit = core_->settings.body_timeout;
    break;
  case stage::leaving:
    limit = leave_timeout;
    break;
  case stage::handling:
  case stage::closed:
    read_timer_.cancel();
    return;
  }
  read_timer_.expires_after(limit);
  read_timer_.async_wait(
      [self = shared_from_this(), next](const error_code& ec) {
        // A timer that fired before it was armed again carries an old stage.
        if (!ec && self->stage_ == next
            && self->read_timer_.expiry() <= std::chrono::steady_clock::now())
          self->on_timeout();
      });
}

void connection::on_timeout() {
  if (stage_ == stage::header)
    refuse(408, "the request's head took too long");
  else if (stage_ == stage::body)
    refuse(408, "the request's body took too long");
  else
    close(close_reason::disconnected);
}

void connection::read_more() {
  if (reading_ || stage_ == stage::closed || in_.size() >= pipeline_limit)
    return;
  reading_ = true;
  // Waits without a buffer: answering may consume `in_` meanwhile, which would
  // move the place that a pending read had been promised.
  socket_.async_wait(
      tcp::socket::wait_read, [self = shared_from_this()](error_code ec) {
        std::size_t bytes = 0;
        if (!ec && self->stage_ != stage::closed)
          bytes = self->socket_.read_some(self->in_.prepare(read_size), ec);
        self->on_read(ec, bytes);
      });
}

void connection::on_read(error_code ec, std::size_t bytes) {
  reading_ = false;
  in_.commit(bytes);
  if (stage_ == stage::closed)
    return;
  if (ec == asio::error::would_block)
    return read_more();
  if (ec) {
    bool answered = false;
    {
      const std::lock_guard lock{out_mutex_};
      answered = answered_;
    }
    // A client that has shut its side may still read a finished answer.
    if (stage_ == stage::handling && answered && ec == asio::error::eof)
      return;
    return close(close_reason::disconnected);
  }
  if (stage_ == stage::leaving) {
    dropped_bytes_ += in_.size();
    in_.consume(in_.size());
    if (dropped_bytes_ > leave_limit)
      return close(close_reason::disconnected);
  }
  process();
  read_more();
}

void connection::process() {
  if (stage_ == stage::idle && in_.size() > 0)
    arm(stage::header);
  while ((stage_ == stage::header || stage_ == stage::body) && in_.size() > 0) {
    error_code ec;
    const auto used = parser_->put(in_.data(), ec);
    in_.consume(used);
    if (stage_ == stage::header)
      header_bytes_ += used;
    if (ec == beast::http::error::need_more)
      ec = {};
    if (handle_parse_error(ec))
      return;
    if (parser_->is_header_done() && !header_checked_) {
      check_header();
      if (stage_ == stage::handling)
        return; // refused
    }
    if (parser_->is_done())
      return dispatch();
    if (used == 0)
      return;
  }
}

bool connection::handle_parse_error(error_code ec) {
  // The parser's own limit counts each piece it is given; this one counts all.
  const bool long_head = !parser_->is_header_done()
                         && header_bytes_ > core_->settings.header_limit;
  if (!ec && !long_head)
    return false;
  if (long_head || ec == beast::http::error::header_limit)
    refuse(431, "the request's head is longer than "
                    + std::to_string(core_->settings.header_limit) + " bytes");
  else if (ec == beast::http::error::body_limit)
    refuse(413, "the request's body is longer than "
                    + std::to_string(core_->settings.body_limit) + " bytes");
  else
    refuse(400, "malformed request: " + ec.message());
  return true;
}

void connection::check_header() {
  using beast::http::field;
  header_checked_ = true;
  const auto& head = parser_->get();
  const bool http_1_0 = head.version() < 11;
  const auto encodings = head.count(field::transfer_encoding);
  if (encodings > 0 && head.count(field::content_length) > 0)
    return refuse(400, "malformed request: both Content-Length and "
                       "Transfer-Encoding");
  if (encodings > 1 || (encodings == 1 && http_1_0)
      || (encodings == 1
          && !beast::iequals(head[field::transfer_encoding], "chunked")))
    return refuse(400, "malformed request: the only Transfer-Encoding "
                       "understood is 'chunked'");
  if (!http_1_0 && head.count(field::host) != 1)
    return refuse(400, "malformed request: one Host field is required");
  if (parser_->is_done())
    return;
  arm(stage::body);
  if (head.count(field::expect) == 0)
    return;
  if (!beast::iequals(head[field::expect], "100-continue"))
    return refuse(417, "the only Expect understood is '100-continue'");
  if (!http_1_0)
    queue("HTTP/1.1 100 Continue\r\n\r\n", false);
}

void connection::dispatch() {
  auto message = parser_->release();
  arm(stage::handling);
  // HTTP/1.0 knows no chunks: the end of its stream is the connection's.
  chunked_ = message.version() >= 11;
  keep_alive_ = chunked_ && message.keep_alive();
  head_only_ = message.method() == beast::http::verb::head;
  request value;
  value.method = std::string{message.method_string()};
  value.target = std::string{message.target()};
  value.path = path_of(value.target);
  for (const auto& field : message)
    value.headers.emplace_back(field.name_string(), field.value());
  value.body = std::move(message.body());
  value.peer = peer_of(socket_);
  auto mine = std::make_shared<exchange>(shared_from_this());
  current_ = mine;
  try {
    core_->handle(std::move(value), std::move(mine));
  } catch (const std::exception&) {
    // Unwinding dropped the exchange, and a dropped exchange answers 500.
  }
}

void connection::refuse(unsigned status, std::string_view why) {
  stage_ = stage::handling;
  read_timer_.cancel();
  keep_alive_ = false;
  head_only_ = false;
  send(core_->refusal(status, why));
}

} // namespace sluice::transport::http
