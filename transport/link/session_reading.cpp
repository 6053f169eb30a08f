// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The half of a session that receives: frames, pieces, acknowledgements. All of
// it runs on the strand.
#include "transport/link/attachment.hpp"
#include "transport/link/session_core.hpp"

#include <boost/asio/post.hpp>

namespace sluice::transport::link {

namespace asio = boost::asio;

namespace {

// Reads in a row before other links of the same thread have their turn.
constexpr int rounds = 16;

buffer view_of(std::shared_ptr<std::byte> memory, std::uint64_t size) {
  const std::span<const std::byte> view{memory.get(),
                                        static_cast<std::size_t>(size)};
  return {std::move(memory), view};
}

} // namespace

void session_core::guarded(const std::function<void()>& callback) {
  try {
    callback();
  } catch (const std::exception& error) {
    const lock held{mutex_};
    end(end_reason::stopped, std::string{"a callback failed: "} + error.what());
  }
}

void session_core::read(const stream_ptr& from) {
  {
    const lock held{mutex_};
    if (stream_ != from)
      return;
    reading_ = true;
  }
  bool more = digest(); // what came behind the handshake
  for (int i = 0; more; ++i) {
    if (i == rounds)
      return after_reading(from, true);
    std::array<iovec, 3> into;
    std::size_t parts = 0;
    std::size_t room = 0;
    for (const auto space : reader_.space())
      if (!space.empty()) {
        into[parts++] = {space.data(), space.size()};
        room += space.size();
      }
    const auto went = from->read(std::span{into}.first(parts));
    if (went.ended) {
      const lock held{mutex_};
      if (stream_ == from)
        fail(fault::disconnected,
             went.error.empty() ? "closed by the peer" : went.error);
      break;
    }
    if (went.blocked)
      break;
    reader_.commit(went.bytes);
    core_->counters.bytes_received += went.bytes;
    last_heard_ = std::chrono::steady_clock::now();
    if (!digest() || went.bytes < room)
      break;
    // The peer may be waiting for credit while there is more to read.
    const lock held{mutex_};
    if (urgent_)
      write();
  }
  after_reading(from, false);
}

void session_core::after_reading(const stream_ptr& from, bool more) {
  lock held{mutex_};
  reading_ = false;
  if (stream_ == from) {
    if (urgent_)
      write();
    else if (!dirty_.empty())
      arm_ack();
  }
  if (stream_ != from)
    return; // cut meanwhile, maybe by the write
  held.unlock();
  auto go_on = [self = shared_from_this(), from] { self->read(from); };
  if (more)
    asio::post(strand_, std::move(go_on));
  else
    from->wait_readable(strand_, std::move(go_on));
}

bool session_core::violated(fault what, const std::string& why) {
  const lock held{mutex_};
  fail(what, why);
  // A checksum can be the network's fault; everything else is the peer's, and
  // would come again.
  if (what != fault::corrupt_frame)
    end(end_reason::protocol_error, why);
  return false;
}

// False when the connection is not to be read any more.
bool session_core::digest() {
  using step = frame_reader::step;
  for (;;) {
    switch (reader_.next()) {
    case step::need_bytes:
      return true;
    case step::header:
      if (!begin_frame())
        return false;
      break;
    case step::payload:
      end_piece();
      {
        const lock held{mutex_};
        if (!stream_ || stream_ != current_)
          return false; // a callback or another thread has ended it
      }
      break;
    case step::oversized:
      return violated(fault::oversized_frame, "a frame is too long");
    case step::malformed:
      return violated(fault::malformed_frame, "a frame's prefix is impossible");
    case step::corrupt:
      return violated(fault::corrupt_frame, "a frame's checksum is wrong");
    }
  }
}

bool session_core::begin_frame() {
  const auto& prefix = reader_.prefix();
  piece_ = piece_kind::none;
  piece_length_ = reader_.payload_bytes();
  piece_last_ = (prefix.flags & last_piece) != 0;
  if (prefix.channel == 0) {
    const auto frame = decode_control(reader_.header());
    if (!frame || piece_length_ != 0)
      return violated(fault::malformed_frame, "an unknown control frame");
    reader_.skip();
    return take(*frame);
  }
  channel_ptr on;
  {
    const lock held{mutex_};
    on = find(prefix.channel);
    if (!on && prefix.sequence == 1
        && channels_.size() < core_->settings.max_channels)
      on = add_channel(prefix.channel);
  }
  if (!on)
    return violated(fault::malformed_frame,
                    "no channel " + std::to_string(prefix.channel));
  return begin_piece(std::move(on));
}

bool session_core::begin_piece(channel_ptr on) {
  using verdict = receive_window::verdict;
  const auto judged = on->in.judge(reader_.prefix());
  if (judged == verdict::duplicate) {
    ++core_->counters.duplicates_dropped;
    piece_ = piece_kind::dropped;
    piece_of_ = std::move(on);
    reader_.skip();
    return true;
  }
  if (judged == verdict::gap)
    return violated(fault::out_of_sequence, "a piece is missing");
  if (judged == verdict::misplaced || on->end_received)
    return violated(fault::malformed_frame, "a piece out of place");
  if (judged == verdict::begin) {
    const auto said = decode_envelope(reader_.header());
    if (!said)
      return violated(fault::malformed_frame, "an unknown envelope");
    const auto* head = std::get_if<message_head>(&*said);
    const auto* opening = std::get_if<open_channel>(&*said);
    if ((opening != nullptr) != (reader_.prefix().sequence == 1)
        || (head == nullptr && (piece_length_ != 0 || !piece_last_)))
      return violated(fault::malformed_frame, "an envelope out of place");
    piece_ = head != nullptr      ? piece_kind::message
             : opening != nullptr ? piece_kind::open
                                  : piece_kind::end;
    if (head != nullptr ? !begin_message(on, *head)
                        : (opening != nullptr && !note_open(on, *opening)))
      return false;
  } else {
    piece_ = piece_kind::message;
  }
  piece_of_ = on;
  if (piece_ != piece_kind::message) {
    reader_.skip();
    return true;
  }
  if (!on->in.fits(piece_length_, piece_last_))
    return violated(fault::malformed_frame, "a piece of the wrong size");
  const auto [body, attachment] = next_span(*on->in.current(), piece_length_);
  reader_.place(body, attachment);
  return true;
}

bool session_core::note_open(const channel_ptr& on, const open_channel& said) {
  {
    const lock held{mutex_};
    on->peer_opened = true;
    on->peer_name = said.name;
    on->peer_limit = said.max_message_bytes;
    if (!on->opened || on->options.name == said.name)
      return true;
  }
  return violated(fault::malformed_frame,
                  "channel " + std::to_string(on->number) + " is '"
                      + on->options.name + "' here and '" + said.name
                      + "' there");
}

bool session_core::begin_message(const channel_ptr& on,
                                 const message_head& head) {
  const auto size = head.body_bytes + head.attachment_bytes;
  bool paid = false;
  std::size_t limit = 0;
  {
    const lock held{mutex_};
    limit = on->options.max_message_bytes;
    paid = on->opened && size <= limit && on->granted.receive(size);
  }
  if (!paid)
    return on->opened && size > limit
               ? violated(fault::oversized_frame,
                          "a message of " + std::to_string(size)
                              + " bytes on channel "
                              + std::to_string(on->number))
               : violated(fault::over_credit, "more than was granted");
  in_making_ += size;
  if (in_making_ > core_->settings.memory_bytes)
    return violated(fault::memory_limit, "unfinished messages take too much");
  assembly whole;
  whole.head = head;
  if (head.body_bytes > 0)
    whole.body = core_->pool.take(static_cast<std::size_t>(head.body_bytes));
  if (head.wire_bytes > 0)
    whole.attachment =
        core_->pool.take(static_cast<std::size_t>(head.wire_bytes));
  on->in.begin(std::move(whole));
  return true;
}

// The frame is complete, whatever it was.
void session_core::end_piece() {
  const auto kind = std::exchange(piece_, piece_kind::none);
  const auto on = std::exchange(piece_of_, nullptr);
  if (kind == piece_kind::none)
    return; // a control frame
  std::optional<assembly> whole;
  std::function<void(end_reason)> at_end;
  bool news = false;
  {
    const lock held{mutex_};
    if (kind == piece_kind::message)
      whole = on->in.finish(piece_length_, piece_last_);
    else if (kind != piece_kind::dropped)
      on->in.finish();
    touch(on); // a duplicate too: its acknowledgement was lost
    news = kind == piece_kind::open && !on->opened;
    if (kind == piece_kind::end) {
      on->end_received = true;
      if (on->opened && !std::exchange(on->end_told, true))
        at_end = on->events.on_end;
    }
  }
  if (whole)
    deliver(on, std::move(*whole));
  else if (news && events_.on_channel)
    guarded([&] { events_.on_channel(on->number, on->peer_name); });
  else if (at_end)
    guarded([&] { at_end(end_reason::closed); });
}

void session_core::deliver(const channel_ptr& on, assembly whole) {
  const auto& head = whole.head;
  in_making_ -=
      static_cast<std::size_t>(head.body_bytes + head.attachment_bytes);
  message out;
  out.kind = head.kind;
  out.type = head.type;
  out.rows = head.rows;
  out.width = head.width;
  out.body = view_of(std::move(whole.body), head.body_bytes);
  out.attachment = view_of(std::move(whole.attachment), head.wire_bytes);
  if (head.packing == packing::zstd) {
    auto plain = decompress(out.attachment.bytes(),
                            static_cast<std::size_t>(head.attachment_bytes),
                            core_->pool);
    if (!plain) {
      violated(fault::malformed_frame, "an attachment does not decompress");
      return;
    }
    out.attachment = std::move(*plain);
  }
  if (on->options.widen)
    widen(out, core_->pool);
  ++core_->counters.messages_received;
  if (on->events.on_message)
    guarded([&] { on->events.on_message(std::move(out)); });
}

bool session_core::take(const control& frame) {
  if (const auto* told = std::get_if<progress_list>(&frame))
    return take(*told);
  if (std::holds_alternative<ping>(frame))
    return true;
  if (!std::holds_alternative<goodbye>(frame))
    return violated(fault::malformed_frame, "a handshake in the middle");
  const lock held{mutex_};
  goodbye_received_ = true;
  closing_ = true;
  if (goodbye_sent_)
    end(end_reason::closed, "");
  else
    advance_close();
  return stream_ != nullptr;
}

bool session_core::take(const progress_list& told) {
  std::vector<channel_ptr> woken;
  {
    lock held{mutex_};
    for (const auto& one : told.channels) {
      const auto on = find(one.channel);
      if (!on)
        continue;
      const auto done = on->out.acknowledge(one.received);
      if (!done) {
        held.unlock();
        return violated(fault::out_of_sequence,
                        "acknowledged what was not sent");
      }
      unacknowledged_ -= *done;
      on->to_spend.raise(one.granted);
    }
    // The resend limit is the session's, so any channel may be free to go on.
    for (const auto& [number, on] : channels_)
      if (on->wants_credit && on->to_spend.available().frames > 0) {
        on->wants_credit = false;
        woken.push_back(on);
      }
    advance_close();
  }
  for (const auto& on : woken)
    if (on->events.on_credit)
      guarded([&] { on->events.on_credit(); });
  const lock held{mutex_};
  return stream_ && stream_ == current_;
}

} // namespace sluice::transport::link
