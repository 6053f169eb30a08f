// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// One request waiting for its answer, as the handler holds it. Every member is
// thread-safe: an actor may answer what an I/O thread received. Knows sockets
// only through `wire`, which a connection implements (and a test's dummy).
#pragma once

#include "transport/http/message.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace sluice::transport::http {

/// Why an exchange ended before its answer did.
enum class close_reason : std::uint8_t {
  disconnected, ///< the client went away
  too_slow,     ///< the client does not read what it asked for
  stopped,      ///< the server stops
};

/// Where an exchange's bytes go. Called from any thread.
class wire {
public:
  virtual ~wire() = default;
  /// A whole response.
  virtual void send(response value) = 0;
  /// Head of a response whose body follows piece by piece.
  virtual void send_head(response head) = 0;
  /// A piece of the body; false when the client is gone or too slow.
  virtual bool send_piece(std::string_view bytes) = 0;
  virtual void send_end() = 0;
  /// Cuts the connection: the rest of the body will never come.
  virtual void abandon() = 0;
};

/// One request's answer. Exactly one of respond() and begin_stream() counts;
/// calls after the end, or after the client has gone, do nothing. Destroying
/// an exchange without an answer answers 500, and an unended stream is cut, so
/// a forgotten handle never leaves a client waiting.
class exchange {
public:
  using close_callback = std::function<void(close_reason)>;
  using backlog_callback = std::function<void(bool)>;

  explicit exchange(std::shared_ptr<wire> out);
  ~exchange();
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;

  /// Adds a field to the head of whatever the answer will be.
  void add_header(std::string name, std::string value);

  void respond(response value);
  void begin_stream(unsigned status, header_list headers);
  /// False: nobody will read this, stop producing.
  bool write(std::string_view bytes);
  void end();

  /// Called once, from any thread, if the exchange closes before its answer
  /// ended; at once if that has happened already.
  void on_close(close_callback callback);

  /// Called from an I/O thread with true when much of a stream waits for its
  /// client to read, and with false when little is left of that: whoever makes
  /// the stream rests in between, or runs into the bound.
  void on_backlog(backlog_callback callback);

  /// The connection tells that the client is gone. Not for handlers.
  void close(close_reason reason);
  /// The connection tells how the client keeps up. Not for handlers.
  void backlog(bool much);

private:
  enum class phase : std::uint8_t { waiting, streaming, done, closed };

  std::mutex mutex_;
  phase phase_ = phase::waiting;
  close_reason reason_ = close_reason::disconnected;
  close_callback callback_;
  backlog_callback backlog_;
  header_list headers_; // added to the answer's
  std::shared_ptr<wire> out_;
};

} // namespace sluice::transport::http
