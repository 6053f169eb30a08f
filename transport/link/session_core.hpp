// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A session's state and the connection it has at the moment. Inside
// transport/link only. Reading, timers and callbacks run on the session's
// strand, one after another; sending happens on whatever thread has something
// to say, under a mutex, and goes into the socket at once when there is room:
// a hand-over to an I/O thread would cost more than the system call.
#pragma once

#include "transport/link/greeting.hpp"
#include "transport/link/receive_window.hpp"
#include "transport/link/write_batch.hpp"
#include "transport/link/write_order.hpp"

namespace sluice::transport::link {

/// One channel of a session; both directions.
struct channel_state {
  std::uint32_t number = 0;
  channel_options options;
  // Set under the mutex before any credit is granted, which is before any
  // message can come; cleared on the strand.
  channel_events events;

  // Guarded by the session's mutex.
  bool opened = false;      // by this side
  bool peer_opened = false; // by the other
  std::string peer_name;
  std::uint64_t peer_limit = 0; // bytes of a message; 0 until it has opened
  bool end_sent = false;
  bool end_received = false;
  bool end_told = false;     // on_end was called
  bool wants_credit = false; // a send was refused
  bool queued = false;       // in the write order
  bool dirty = false;        // has progress to tell
  send_window out;
  receive_window in;
  spending to_spend;
  granting granted;
};

using channel_ptr = std::shared_ptr<channel_state>;

class session_core final : public session,
                           public std::enable_shared_from_this<session_core> {
public:
  /// How to connect again; none on the side that accepts.
  using dialer = std::function<void(const std::shared_ptr<session_core>&)>;

  session_core(std::shared_ptr<endpoint_core> core, const token16& id,
               std::string peer, dialer dial);

  // session
  std::shared_ptr<channel> open(std::uint32_t number, channel_options options,
                                channel_events events) override;
  void close() override;
  void abort() override;
  std::string peer() const override;
  bool connected() const override;
  std::size_t unacknowledged() const override;

  // channels
  send_status send(const channel_ptr& to, message&& what);
  void grant(const channel_ptr& to, credit more);
  credit available(const channel_ptr& on) const;
  void close_channel(const channel_ptr& which);

  // the endpoint
  const link_strand& strand() const noexcept { return strand_; }
  void set_events(session_events events) { events_ = std::move(events); }
  /// Begins to connect.
  void start();
  void stop();
  /// On the strand: this connection carries the session from now on. `first`
  /// goes out before everything else.
  void attach(greeting_result connection, const std::string& peer,
              const token16& instance, const std::vector<progress>& theirs,
              std::vector<std::byte> first);
  /// On the strand: a hello with this number came. False when a later one came
  /// before it.
  bool note_attempt(std::uint32_t attempt);
  /// On the strand: no connection came about.
  void not_attached(fault what, const std::string& why, bool give_up);
  /// On the strand: the peer has forgotten the session.
  void unknown_to_peer();
  /// The peer process that this session was with is gone.
  void lost(const std::string& why);
  /// It was with an older process of this node.
  bool outdated_by(const std::string& peer, const token16& instance) const;
  /// What to say of it in a handshake.
  hello next_hello();
  /// It was never connected.
  bool fresh() const;
  std::vector<progress> received_so_far() const;
  bool ended() const;
  const token16& id() const noexcept { return id_; }

private:
  using lock = std::unique_lock<std::mutex>;
  using stream_ptr = std::shared_ptr<byte_stream>;
  enum class piece_kind : std::uint8_t { none, open, message, end, dropped };

  // Writing, with the mutex held.
  void write();
  bool fill_batch();
  void add_progress();
  void queue(const channel_ptr& which);
  void await_writable();
  void on_written();
  void touch(const channel_ptr& which);
  send_status admit(const channel_ptr& to, std::size_t size);
  void push(const channel_ptr& to, std::shared_ptr<const outgoing> what);

  // Reading, on the strand.
  void read(const stream_ptr& from);
  bool digest();
  bool begin_frame();
  bool begin_piece(channel_ptr on);
  bool begin_message(const channel_ptr& on, const message_head& head);
  bool note_open(const channel_ptr& on, const open_channel& said);
  void end_piece();
  void deliver(const channel_ptr& on, assembly whole);
  bool take(const control& frame);
  bool take(const progress_list& told);
  void after_reading(const stream_ptr& from, bool more);
  channel_ptr find(std::uint32_t number) const;
  channel_ptr add_channel(std::uint32_t number);

  // Life.
  void fail(fault what, const std::string& why);     // mutex held
  bool violated(fault what, const std::string& why); // takes the mutex
  void went_down(const stream_ptr& stream, bool connect_again);
  void dial_later();
  void arm_resume_limit();
  void tick();
  void arm_ack();
  void advance_close();                             // mutex held
  void end(end_reason how, const std::string& why); // mutex held
  void tell_end(end_reason how, const std::string& why);
  void linger(stream_ptr stream);
  void guarded(const std::function<void()>& callback);

  std::shared_ptr<endpoint_core> core_; // first: its context outlives the rest
  link_strand strand_;
  const token16 id_;
  const dialer dial_;
  session_events events_; // strand

  // Strand only.
  std::uint32_t attempt_ = 0; // the latest hello, made or seen
  stream_ptr current_;        // as stream_, until went_down() has cleaned up
  frame_reader reader_;
  channel_ptr piece_of_;
  piece_kind piece_ = piece_kind::none;
  std::size_t piece_length_ = 0;
  bool piece_last_ = false;
  std::size_t in_making_ = 0; // bytes of unfinished messages
  std::chrono::steady_clock::time_point last_heard_;
  std::chrono::milliseconds backoff_;
  bool resume_armed_ = false;
  boost::asio::steady_timer tick_timer_;
  boost::asio::steady_timer ack_timer_;
  boost::asio::steady_timer dial_timer_;
  boost::asio::steady_timer resume_timer_;
  boost::asio::steady_timer close_timer_;

  mutable std::mutex mutex_; // guards what follows
  std::string peer_;
  token16 peer_instance_{};
  stream_ptr stream_; // none while disconnected
  std::map<std::uint32_t, channel_ptr> channels_;
  write_order<channel_ptr> order_;
  std::vector<channel_ptr> dirty_;
  write_batch batch_;
  bool blocked_ = false; // waits for the socket
  bool reading_ = false; // the strand is at it and will write afterwards
  bool wrote_ = false;   // since the last tick
  bool ack_armed_ = false;
  bool urgent_ = false; // progress that should not wait
  bool ping_due_ = false;
  bool established_ = false; // was connected once
  bool closing_ = false;
  bool goodbye_due_ = false;
  bool goodbye_batched_ = false;
  bool goodbye_sent_ = false;
  bool goodbye_received_ = false;
  bool ended_ = false;
  std::size_t unacknowledged_ = 0;
};

} // namespace sluice::transport::link
