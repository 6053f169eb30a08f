// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The half of a connection that writes: appended from any thread, flushed on
// the strand.
#include "transport/http/connection.hpp"

#include "transport/http/wire_text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <ctime>

namespace sluice::transport::http {

namespace asio = boost::asio;

namespace {

// Of the bound on what a client may leave unread: a stream's maker rests from
// the first share on, with room for what is under way, down to the second.
constexpr std::size_t much = 4;
constexpr std::size_t little = 16;

} // namespace

void connection::queue(std::string_view bytes, bool last) {
  bool flushes = false;
  bool tells = false;
  {
    const std::lock_guard lock{out_mutex_};
    if (cut_)
      return;
    pending_.append(bytes);
    answered_ = answered_ || last;
    flushes = !std::exchange(flush_posted_, true);
    tells =
        !backlog_posted_
        && pending_.size() + in_flight_ > core_->settings.output_limit / much;
    backlog_posted_ = backlog_posted_ || tells;
  }
  if (flushes)
    asio::post(socket_.get_executor(),
               [self = shared_from_this()] { self->flush(); });
  if (tells)
    asio::post(socket_.get_executor(),
               [self = shared_from_this()] { self->tell_backlog(); });
}

// On the strand, so that the exchange hears of more and less in turn.
void connection::tell_backlog() {
  bool now = false;
  {
    const std::lock_guard lock{out_mutex_};
    const auto left = pending_.size() + in_flight_;
    now = left > core_->settings.output_limit / (told_much_ ? little : much);
    backlog_posted_ = now;
  }
  if (now == std::exchange(told_much_, now))
    return;
  if (const auto held = current_.lock())
    held->backlog(now);
}

void connection::send(response value) {
  const auto& more = core_->settings.headers;
  value.headers.insert(value.headers.end(), more.begin(), more.end());
  if (core_->settings.on_response)
    core_->settings.on_response(value.status);
  auto text = head_text(value, framing::length, keep_alive_ && !core_->stopping,
                        std::time(nullptr));
  if (!head_only_)
    text += value.body;
  queue(text, true);
}

void connection::send_head(response head) {
  const auto& more = core_->settings.headers;
  head.headers.insert(head.headers.end(), more.begin(), more.end());
  if (core_->settings.on_response)
    core_->settings.on_response(head.status);
  queue(head_text(head, chunked_ ? framing::chunked : framing::until_close,
                  keep_alive_ && !core_->stopping, std::time(nullptr)),
        false);
}

bool connection::send_piece(std::string_view bytes) {
  if (bytes.empty() || head_only_)
    return true;
  bool slow = false;
  {
    const std::lock_guard lock{out_mutex_};
    if (cut_)
      return false;
    slow = pending_.size() + in_flight_ + bytes.size()
           > core_->settings.output_limit;
    cut_ = slow;
  }
  if (slow) {
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      self->close(close_reason::too_slow);
    });
    return false;
  }
  queue(chunked_ ? chunk_text(bytes) : std::string{bytes}, false);
  return true;
}

void connection::send_end() {
  queue(chunked_ && !head_only_ ? last_chunk : std::string_view{}, true);
}

void connection::abandon() {
  {
    const std::lock_guard lock{out_mutex_};
    if (cut_)
      return; // closed already; after stop() nobody would run the post
  }
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->close(close_reason::stopped);
  });
}

void connection::flush() {
  if (stage_ == stage::closed || writing_now_)
    return;
  bool answered = false;
  {
    const std::lock_guard lock{out_mutex_};
    flush_posted_ = false;
    writing_.clear();
    writing_.swap(pending_);
    in_flight_ = writing_.size();
    answered = answered_;
  }
  written_ = 0;
  if (!writing_.empty())
    write_some();
  else if (answered)
    on_answered();
}

void connection::write_some() {
  writing_now_ = true;
  write_timer_.expires_after(core_->settings.write_timeout);
  write_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec && self->writing_now_
        && self->write_timer_.expiry() <= std::chrono::steady_clock::now())
      self->close(close_reason::too_slow);
  });
  socket_.async_write_some(
      asio::buffer(writing_) + written_,
      [self = shared_from_this()](const error_code& ec, std::size_t bytes) {
        self->writing_now_ = false;
        self->write_timer_.cancel();
        if (ec)
          return self->close(close_reason::disconnected);
        self->written_ += bytes;
        {
          const std::lock_guard lock{self->out_mutex_};
          self->in_flight_ = self->writing_.size() - self->written_;
        }
        if (self->told_much_)
          self->tell_backlog();
        if (self->written_ < self->writing_.size())
          self->write_some();
        else
          self->flush();
      });
}

void connection::on_answered() {
  if (stage_ != stage::handling)
    return;
  current_.reset();
  if (!keep_alive_ || core_->stopping)
    return leave();
  {
    const std::lock_guard lock{out_mutex_};
    answered_ = false;
  }
  expect_request();
}

void connection::leave() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  in_.consume(in_.size());
  arm(stage::leaving);
  read_more();
}

} // namespace sluice::transport::http
