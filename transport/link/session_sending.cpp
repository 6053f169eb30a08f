// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The half of a session that sends: channels, credit, the write order.
#include "transport/link/attachment.hpp"
#include "transport/link/session_core.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>

namespace sluice::transport::link {

namespace asio = boost::asio;

namespace {

// One system call: large enough to be worth it, small enough that what becomes
// urgent meanwhile does not wait long.
constexpr std::size_t batch_bytes = 256 * 1024;
constexpr std::size_t batch_parts = 96;
constexpr std::size_t progress_per_frame = 256;

class link_channel final : public channel {
public:
  link_channel(std::shared_ptr<session_core> of, channel_ptr state)
      : session_{std::move(of)}, state_{std::move(state)} {}

  send_status send(message&& what) override {
    return session_->send(state_, std::move(what));
  }
  void grant(credit more) override { session_->grant(state_, more); }
  credit available() const override { return session_->available(state_); }
  void close() override { session_->close_channel(state_); }

private:
  std::shared_ptr<session_core> session_;
  channel_ptr state_;
};

std::shared_ptr<outgoing> carrying(const envelope& what) {
  auto out = std::make_shared<outgoing>();
  out->header = encode(what);
  return out;
}

} // namespace

std::shared_ptr<channel> session_core::open(std::uint32_t number,
                                            channel_options options,
                                            channel_events events) {
  const lock held{mutex_};
  auto which = find(number);
  if (number == 0 || (which && which->opened))
    throw std::invalid_argument{"channel " + std::to_string(number)
                                + " cannot be opened: its number is taken"};
  if (!which && channels_.size() >= core_->settings.max_channels)
    throw std::invalid_argument{"too many channels in one session"};
  if (!which)
    which = add_channel(number);
  which->opened = true;
  which->options = std::move(options);
  which->events = std::move(events);
  auto handle = std::make_shared<link_channel>(shared_from_this(), which);
  if (ended_ || closing_) {
    which->end_sent = true;
    which->events = {};
    return handle;
  }
  if (which->peer_opened && which->peer_name != which->options.name) {
    fail(fault::malformed_frame, "channel " + std::to_string(number) + " is '"
                                     + which->options.name + "' here and '"
                                     + which->peer_name + "' there");
    end(end_reason::protocol_error, "channels differ");
    return handle;
  }
  push(which, carrying(open_channel{which->options.name,
                                    which->options.max_message_bytes}));
  if (which->end_received)
    asio::post(strand_, [self = shared_from_this(), which] {
      if (!std::exchange(which->end_told, true) && which->events.on_end)
        self->guarded([&] { which->events.on_end(end_reason::closed); });
    });
  write();
  return handle;
}

// What the sender may do now; takes the credit when it may.
send_status session_core::admit(const channel_ptr& to, std::size_t size) {
  if (ended_ || closing_ || to->end_sent)
    return send_status::closed;
  if (size > to->options.max_message_bytes
      || size > core_->settings.resend_bytes
      || (to->peer_opened && size > to->peer_limit))
    return send_status::too_large;
  if (unacknowledged_ + size > core_->settings.resend_bytes
      || !to->to_spend.spend(size)) {
    to->wants_credit = true;
    ++core_->counters.sends_refused;
    return send_status::no_credit;
  }
  return send_status::sent;
}

send_status session_core::send(const channel_ptr& to, message&& what) {
  if (what.encode != nullptr) {
    what.body = what.encode(what.value);
    what.encode = nullptr; // a second try needs no second encoding
  }
  const auto& options = to->options;
  if (options.narrow)
    narrow(what, core_->pool);
  lock held{mutex_};
  const auto size = what.size();
  if (const auto status = admit(to, size); status != send_status::sent)
    return status;
  message_head head{what.kind,
                    what.body.size(),
                    what.attachment.size(),
                    what.attachment.size(),
                    packing::none,
                    what.type,
                    what.rows,
                    what.width};
  auto out = std::make_shared<outgoing>();
  out->credited = size;
  out->body = std::move(what.body);
  out->attachment = std::move(what.attachment);
  if (options.compression != 0 && !out->attachment.empty()) {
    held.unlock(); // it takes long; the credit is ours already
    if (auto packed =
            compress(out->attachment, options.compression, core_->pool)) {
      head.packing = packing::zstd;
      head.wire_bytes = packed->size();
      out->attachment = std::move(*packed);
    }
    held.lock();
    if (ended_)
      return send_status::closed;
  }
  out->header = encode(envelope{head});
  what.value.reset();
  push(to, std::move(out));
  ++core_->counters.messages_sent;
  write();
  return send_status::sent;
}

void session_core::push(const channel_ptr& to,
                        std::shared_ptr<const outgoing> what) {
  unacknowledged_ += what->payload();
  to->out.push(std::move(what), core_->settings.piece_bytes);
  queue(to);
}

void session_core::queue(const channel_ptr& which) {
  if (which->queued || !which->out.has_next())
    return;
  which->queued = true;
  order_.add(which, which->options.urgency);
}

void session_core::grant(const channel_ptr& to, credit more) {
  const lock held{mutex_};
  if (ended_)
    return;
  to->granted.grant(more);
  touch(to);
  // The reader tells it with whatever else is to be told when it is done.
  if (urgent_ && !reading_)
    write();
  else
    arm_ack();
}

// There is progress to tell.
void session_core::touch(const channel_ptr& which) {
  urgent_ = urgent_ || which->granted.urgent();
  if (!std::exchange(which->dirty, true))
    dirty_.push_back(which);
}

credit session_core::available(const channel_ptr& on) const {
  const lock held{mutex_};
  return on->to_spend.available();
}

void session_core::close_channel(const channel_ptr& which) {
  const lock held{mutex_};
  if (ended_ || closing_ || std::exchange(which->end_sent, true))
    return;
  push(which, carrying(end_channel{}));
  write();
}

// -- into the socket, with the mutex held -------------------------------------

void session_core::add_progress() {
  for (std::size_t i = 0; i < dirty_.size(); i += progress_per_frame) {
    progress_list list;
    const auto last = std::min(dirty_.size(), i + progress_per_frame);
    for (auto at = i; at < last; ++at) {
      auto& one = *dirty_[at];
      one.dirty = false;
      list.channels.push_back(
          {one.number, one.in.received(), one.granted.tell()});
    }
    batch_.add(control_frame(list));
  }
  dirty_.clear();
  urgent_ = false;
}

bool session_core::fill_batch() {
  if (!dirty_.empty())
    add_progress();
  if (std::exchange(ping_due_, false) && batch_.empty())
    batch_.add(control_frame(ping{}));
  while (batch_.bytes() < batch_bytes && batch_.parts() < batch_parts) {
    const auto next = order_.take();
    if (!next)
      break;
    auto& from = **next;
    batch_.add(from.number, from.options.urgency, from.out.next());
    from.queued = false;
    queue(*next);
  }
  if (goodbye_due_ && batch_.bytes() < batch_bytes) {
    goodbye_due_ = false;
    goodbye_batched_ = true;
    batch_.add(control_frame(goodbye{}));
  }
  return !batch_.empty();
}

void session_core::write() {
  while (stream_ && !blocked_) {
    if (batch_.empty() && !fill_batch())
      return;
    const auto went = stream_->write(batch_.rest());
    batch_.advance(went.bytes);
    core_->counters.bytes_sent += went.bytes;
    wrote_ = true;
    if (went.ended)
      return fail(fault::disconnected, went.error);
    if (went.blocked)
      return await_writable();
    if (batch_.empty())
      on_written();
  }
}

void session_core::await_writable() {
  blocked_ = true;
  stream_->wait_writable(strand_, [self = shared_from_this(), to = stream_] {
    const lock held{self->mutex_};
    if (self->stream_ != to)
      return;
    self->blocked_ = false;
    // What TLS has sealed already.
    const auto went = to->flush();
    if (went.ended)
      return self->fail(fault::disconnected, went.error);
    if (went.blocked)
      return self->await_writable();
    if (self->batch_.empty())
      self->on_written();
    self->write();
  });
}

void session_core::on_written() {
  if (!std::exchange(goodbye_batched_, false))
    return;
  goodbye_sent_ = true;
  if (goodbye_received_)
    end(end_reason::closed, "");
}

} // namespace sluice::transport::link
