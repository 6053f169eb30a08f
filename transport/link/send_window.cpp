// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/send_window.hpp"

#include <algorithm>

namespace sluice::transport::link {

void send_window::push(std::shared_ptr<const outgoing> what,
                       std::size_t piece_bytes) {
  const auto payload = what->payload();
  const std::uint64_t pieces =
      std::max<std::size_t>(1, (payload + piece_bytes - 1) / piece_bytes);
  messages_.push_back({std::move(what), end_, pieces, piece_bytes});
  end_ += pieces;
  bytes_ += payload;
}

piece send_window::next() {
  const auto& in = messages_[writing_];
  const auto index = cursor_ - in.first;
  piece out{in.whole, cursor_,    index * in.piece_bytes,
            0,        index == 0, index + 1 == in.pieces};
  out.length = std::min(in.piece_bytes, in.whole->payload() - out.offset);
  ++cursor_;
  if (out.last)
    ++writing_;
  return out;
}

std::optional<std::size_t> send_window::acknowledge(std::uint64_t sequence) {
  if (sequence >= cursor_)
    return std::nullopt;
  acked_ = std::max(acked_, sequence);
  std::size_t done = 0;
  while (!messages_.empty()
         && messages_.front().first + messages_.front().pieces <= acked_ + 1) {
    done += messages_.front().whole->payload();
    messages_.pop_front();
    --writing_;
  }
  bytes_ -= done;
  return done;
}

void send_window::rewind() noexcept {
  cursor_ = acked_ + 1;
  writing_ = 0; // acked_ + 1 lies in the first message that is kept
}

} // namespace sluice::transport::link
