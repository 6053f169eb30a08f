// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A session's life: connections that come and go, timers, the orderly end.
#include "transport/link/session_core.hpp"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

namespace sluice::transport::link {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

namespace {

// For the peer's last bytes, so that closing does not destroy ours on the way.
constexpr auto linger_time = 1s;

} // namespace

session_core::session_core(std::shared_ptr<endpoint_core> core,
                           const token16& id, std::string peer, dialer dial)
    : core_{std::move(core)}, strand_{asio::make_strand(core_->context)},
      id_{id}, dial_{std::move(dial)}, backoff_{core_->settings.first_backoff},
      tick_timer_{strand_}, ack_timer_{strand_}, dial_timer_{strand_},
      resume_timer_{strand_}, close_timer_{strand_}, peer_{std::move(peer)} {}

// -- what others ask ----------------------------------------------------------

std::string session_core::peer() const {
  const lock held{mutex_};
  return peer_;
}

bool session_core::connected() const {
  const lock held{mutex_};
  return stream_ != nullptr;
}

std::size_t session_core::unacknowledged() const {
  const lock held{mutex_};
  return unacknowledged_;
}

bool session_core::ended() const {
  const lock held{mutex_};
  return ended_;
}

bool session_core::outdated_by(const std::string& peer,
                               const token16& instance) const {
  const lock held{mutex_};
  return established_ && peer_ == peer && peer_instance_ != instance;
}

channel_ptr session_core::find(std::uint32_t number) const {
  const auto found = channels_.find(number);
  return found == channels_.end() ? nullptr : found->second;
}

channel_ptr session_core::add_channel(std::uint32_t number) {
  auto made = std::make_shared<channel_state>();
  made->number = number;
  return channels_[number] = std::move(made);
}

std::vector<progress> session_core::received_so_far() const {
  const lock held{mutex_};
  std::vector<progress> out;
  for (const auto& [number, one] : channels_)
    out.push_back({number, one->in.received(), one->granted.told()});
  return out;
}

bool session_core::note_attempt(std::uint32_t attempt) {
  if (attempt <= attempt_)
    return false;
  attempt_ = attempt;
  return true;
}

bool session_core::fresh() const {
  const lock held{mutex_};
  return !established_;
}

hello session_core::next_hello() {
  const auto& own = core_->settings;
  hello out;
  out.versions = own.versions;
  out.node = own.node;
  out.cluster = own.cluster;
  out.graph_hash = own.graph_hash;
  out.instance = core_->instance;
  out.session = id_;
  out.progress = received_so_far();
  out.fresh = fresh();
  out.attempt = ++attempt_;
  return out;
}

// -- connections --------------------------------------------------------------

void session_core::start() {
  asio::post(strand_, [self = shared_from_this()] {
    self->arm_resume_limit();
    if (self->dial_ && !self->ended())
      self->dial_(self);
  });
}

void session_core::attach(greeting_result connection, const std::string& peer,
                          const token16& instance,
                          const std::vector<progress>& theirs,
                          std::vector<std::byte> first) {
  const auto stream = connection.stream;
  if (current_) {
    {
      const lock held{mutex_};
      fail(fault::disconnected, "the peer has connected anew");
    }
    went_down(current_, false);
  }
  {
    const lock held{mutex_};
    if (ended_)
      return stream->shut_down();
    peer_ = peer;
    peer_instance_ = instance;
    if (std::exchange(established_, true))
      ++core_->counters.resumed;
    ++core_->counters.connected;
    for (const auto& [number, one] : channels_) {
      const auto said = std::find_if(
          theirs.begin(), theirs.end(),
          [number = number](const auto& p) { return p.channel == number; });
      const progress told =
          said == theirs.end() ? progress{number, 0, {}} : *said;
      const auto done = told.received < one->out.acknowledged()
                            ? std::nullopt
                            : one->out.acknowledge(told.received);
      if (!done) {
        stream->shut_down();
        return end(end_reason::lost, "the peer remembers another session");
      }
      unacknowledged_ -= *done;
      one->to_spend.raise(told.granted);
      core_->counters.pieces_sent_again += one->out.in_flight();
      one->out.rewind();
      one->queued = false;
    }
    order_.clear();
    for (const auto& [number, one] : channels_) {
      queue(one);
      touch(one);
    }
    goodbye_due_ = goodbye_due_ || goodbye_batched_ || goodbye_sent_;
    goodbye_batched_ = goodbye_sent_ = false;
    stream_ = current_ = stream;
    reader_ = std::move(connection.reader);
    if (!first.empty())
      batch_.add(std::move(first));
    write();
  }
  last_heard_ = clock::now();
  backoff_ = core_->settings.first_backoff;
  resume_timer_.cancel();
  resume_armed_ = false;
  if (events_.on_connection)
    guarded([&] { events_.on_connection(true); });
  tick();
  read(stream);
}

// The connection is of no use; the session goes on.
void session_core::fail(fault what, const std::string& why) {
  if (!stream_)
    return;
  core_->report(what, peer_, why);
  const auto stream = std::exchange(stream_, nullptr);
  stream->shut_down();
  batch_.clear();
  blocked_ = false;
  asio::post(strand_, [self = shared_from_this(), stream] {
    self->went_down(stream, true);
  });
}

void session_core::went_down(const stream_ptr& stream, bool connect_again) {
  if (current_ != stream || !current_)
    return;
  current_ = nullptr;
  tick_timer_.cancel();
  reader_ = frame_reader{};
  piece_ = piece_kind::none;
  piece_of_ = nullptr;
  bool over = false;
  {
    const lock held{mutex_};
    over = ended_;
    for (const auto& [number, one] : channels_)
      if (const auto dropped = one->in.abandon()) {
        const auto& head = dropped->head;
        const auto size = head.body_bytes + head.attachment_bytes;
        one->granted.refund(size);
        in_making_ -= static_cast<std::size_t>(size);
      }
  }
  if (events_.on_connection)
    guarded([&] { events_.on_connection(false); });
  if (over || !connect_again)
    return;
  arm_resume_limit();
  dial_later();
}

void session_core::not_attached(fault what, const std::string& why,
                                bool give_up) {
  core_->report(what, peer(), why);
  if (give_up) {
    const lock held{mutex_};
    return end(end_reason::refused, why);
  }
  dial_later();
}

void session_core::unknown_to_peer() {
  const lock held{mutex_};
  // It has said goodbye and we missed it: everything of ours had arrived.
  if (goodbye_sent_)
    return end(end_reason::closed, "");
  end(end_reason::lost, "the peer has forgotten the session");
}

void session_core::dial_later() {
  if (!dial_ || ended())
    return;
  dial_timer_.expires_after(backoff_);
  backoff_ = std::min(2 * backoff_, core_->settings.last_backoff);
  dial_timer_.async_wait([self = shared_from_this()](const auto& ec) {
    if (!ec && !self->ended())
      self->dial_(self);
  });
}

void session_core::arm_resume_limit() {
  if (std::exchange(resume_armed_, true))
    return;
  resume_timer_.expires_after(core_->settings.resume_window);
  resume_timer_.async_wait([self = shared_from_this()](const auto& ec) {
    if (ec || !self->resume_armed_)
      return;
    const lock held{self->mutex_};
    if (self->goodbye_sent_)
      return self->end(end_reason::closed, "");
    self->end(end_reason::lost, "no connection within the resume window");
  });
}

void session_core::tick() {
  const auto now = clock::now();
  {
    const lock held{mutex_};
    if (!stream_ || stream_ != current_)
      return;
    if (now - last_heard_ > core_->settings.silence)
      return fail(fault::silent, "nothing was heard");
    if (!std::exchange(wrote_, false)) {
      ping_due_ = true;
      write();
      wrote_ = false; // a ping is no reason to skip the next one
    }
  }
  tick_timer_.expires_after(core_->settings.heartbeat);
  tick_timer_.async_wait([self = shared_from_this()](const auto& ec) {
    if (!ec)
      self->tick();
  });
}

// Mutex held; the timer is touched on the strand.
void session_core::arm_ack() {
  if (!stream_ || std::exchange(ack_armed_, true))
    return;
  asio::dispatch(strand_, [self = shared_from_this()] {
    self->ack_timer_.expires_after(self->core_->settings.ack_delay);
    self->ack_timer_.async_wait([self](const auto& ec) {
      const lock held{self->mutex_};
      self->ack_armed_ = false;
      if (!ec && !self->dirty_.empty())
        self->write();
    });
  });
}

// -- the end ------------------------------------------------------------------

void session_core::close() {
  const lock held{mutex_};
  if (ended_ || std::exchange(closing_, true))
    return;
  asio::post(strand_, [self = shared_from_this()] {
    if (self->ended())
      return;
    self->close_timer_.expires_after(self->core_->settings.close_timeout);
    self->close_timer_.async_wait([self](const auto& ec) {
      if (ec)
        return;
      const lock again{self->mutex_};
      self->end(end_reason::lost, "the peer did not say goodbye in time");
    });
  });
  advance_close();
}

// Says goodbye once everything was acknowledged.
void session_core::advance_close() {
  if (!closing_ || ended_ || goodbye_due_ || goodbye_batched_ || goodbye_sent_)
    return;
  for (const auto& [number, one] : channels_)
    if (!one->out.empty())
      return;
  goodbye_due_ = true;
  write();
}

void session_core::abort() {
  stop();
}

void session_core::stop() {
  const lock held{mutex_};
  end(end_reason::stopped, "stopped by its owner");
}

void session_core::lost(const std::string& why) {
  const lock held{mutex_};
  end(end_reason::lost, why);
}

void session_core::end(end_reason how, const std::string& why) {
  if (std::exchange(ended_, true))
    return;
  const auto stream = std::exchange(stream_, nullptr);
  if (stream && how == end_reason::closed)
    stream->shut_down_sending();
  else if (stream)
    stream->shut_down();
  batch_.clear();
  asio::post(strand_, [self = shared_from_this(), how, why, stream] {
    self->tell_end(how, why);
    if (stream && how == end_reason::closed)
      self->linger(stream);
  });
}

void session_core::tell_end(end_reason how, const std::string& why) {
  for (auto* timer :
       {&tick_timer_, &ack_timer_, &dial_timer_, &resume_timer_, &close_timer_})
    timer->cancel();
  if (current_)
    went_down(current_, false);
  std::vector<channel_ptr> all;
  {
    const lock held{mutex_};
    for (const auto& [number, one] : channels_)
      all.push_back(one);
    order_.clear();
    dirty_.clear();
    unacknowledged_ = 0;
  }
  for (const auto& one : all) {
    channel_events events;
    {
      const lock held{mutex_};
      events = std::exchange(one->events, {});
      one->out = {};
    }
    if (!std::exchange(one->end_told, true) && events.on_end)
      guarded([&] { events.on_end(how); });
  }
  core_->forget(id_); // the caller of this holds us
  const auto events = std::exchange(events_, {});
  if (events.on_end)
    guarded([&] { events.on_end(how, why); });
}

void session_core::linger(stream_ptr stream) {
  close_timer_.expires_after(linger_time);
  close_timer_.async_wait([stream](const auto& ec) {
    if (!ec)
      stream->shut_down();
  });
  std::array<std::byte, 4096> unwanted;
  const iovec into{unwanted.data(), unwanted.size()};
  io_result went;
  for (int i = 0; i < 64 && !went.ended && !went.blocked; ++i)
    went = stream->read({&into, 1});
  if (went.ended) {
    close_timer_.cancel();
    return;
  }
  stream->wait_readable(
      strand_, [self = shared_from_this(), stream] { self->linger(stream); });
}

} // namespace sluice::transport::link
