// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Server-sent events, both ways: one event as text, and text back to events
// (WHATWG HTML, "Server-sent events"). Pure; used by the gateway and clients.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace sluice::transport::http {

/// "data: ...\n\n"; `data` must not hold a line break (JSON text never does).
std::string event_text(std::string_view data);

/// The same with its type: "event: ...\ndata: ...\n\n".
std::string event_text(std::string_view type, std::string_view data);

/// Finds events in pieces of a stream, wherever the pieces are cut.
class event_reader {
public:
  /// Returns false to end the reading.
  using callback = std::function<bool(std::string_view data)>;

  explicit event_reader(callback on_event) : on_event_{std::move(on_event)} {}

  /// False once the callback has returned false.
  bool push(std::string_view bytes);

private:
  bool line(std::string_view text);

  callback on_event_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_cr_ = false;
};

} // namespace sluice::transport::http
