// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/http/sse.hpp"

#include <cassert>
#include <utility>

namespace sluice::transport::http {

std::string event_text(std::string_view data) {
  assert(data.find_first_of("\r\n") == data.npos);
  std::string out;
  out.reserve(data.size() + 8);
  return out.append("data: ").append(data).append("\n\n");
}

std::string event_text(std::string_view type, std::string_view data) {
  assert(type.find_first_of("\r\n") == type.npos);
  std::string out = "event: ";
  return out.append(type).append("\n").append(event_text(data));
}

bool event_reader::push(std::string_view bytes) {
  for (const char c : bytes) {
    const bool pair = after_cr_ && c == '\n'; // CRLF is one line's end
    after_cr_ = c == '\r';
    if (pair)
      continue;
    if (c != '\n' && c != '\r') {
      line_ += c;
      continue;
    }
    const bool more = line(line_);
    line_.clear();
    if (!more)
      return false;
  }
  return true;
}

bool event_reader::line(std::string_view text) {
  if (text.empty()) {
    if (!has_data_)
      return true;
    has_data_ = false;
    return on_event_(std::exchange(data_, {}));
  }
  const auto colon = text.find(':');
  if (text.substr(0, colon) != "data")
    return true; // comments, event names and ids
  auto value = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  if (value.starts_with(' '))
    value.remove_prefix(1);
  if (has_data_)
    data_ += '\n';
  data_ += value;
  has_data_ = true;
  return true;
}

} // namespace sluice::transport::http
