// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/frame_reader.hpp"

#include <algorithm>
#include <cstring>

namespace sluice::transport::link {

namespace {

constexpr std::size_t spill_bytes = 1024;

} // namespace

frame_reader::frame_reader(std::size_t read_ahead) : ahead_(read_ahead) {}

// Room for `bytes` from begin_ on.
void frame_reader::reserve(std::size_t bytes) {
  if (begin_ + bytes <= ahead_.size())
    return;
  std::memmove(ahead_.data(), ahead_.data() + begin_, buffered());
  end_ -= begin_;
  begin_ = 0;
  if (ahead_.size() < bytes)
    ahead_.resize(bytes); // a long header; bounded by max_header_bytes
}

std::array<std::span<std::byte>, 3> frame_reader::space() {
  if (begin_ == end_)
    begin_ = end_ = 0;
  else if (end_ == ahead_.size())
    reserve(ahead_.size()); // moves to the front
  auto ahead = std::span{ahead_}.subspan(end_);
  // Behind a payload: enough for the next frame's front. More would be the
  // next payload, which would have to be copied.
  if (in_payload_ && unwanted_ == 0)
    ahead = ahead.first(std::min(ahead.size(), spill_bytes));
  return {target_[0], target_[1], ahead};
}

void frame_reader::commit(std::size_t bytes) {
  for (auto& part : target_) {
    const auto here = std::min(bytes, part.size());
    part = part.subspan(here);
    bytes -= here;
  }
  end_ += bytes;
}

frame_reader::step frame_reader::take_payload() {
  const auto dropped = std::min(unwanted_, buffered());
  begin_ += dropped;
  unwanted_ -= dropped;
  for (auto& part : target_) {
    const auto here = std::min(part.size(), buffered());
    if (here > 0)
      std::memcpy(part.data(), ahead_.data() + begin_, here);
    part = part.subspan(here);
    begin_ += here;
  }
  if (unwanted_ > 0 || !target_[0].empty() || !target_[1].empty())
    return step::need_bytes;
  in_payload_ = false;
  return step::payload;
}

frame_reader::step frame_reader::next() {
  if (in_payload_)
    return take_payload();
  if (buffered() < prefix_bytes) {
    reserve(prefix_bytes);
    return step::need_bytes;
  }
  const auto front = std::span<const std::byte>{ahead_}.subspan(begin_);
  prefix_ = decode_prefix(front);
  if (prefix_.header > max_header_bytes
      || (prefix_.length > prefix_.header
          && prefix_.length - prefix_.header > max_piece_bytes))
    return step::oversized;
  if (!plausible(prefix_, front))
    return step::malformed;
  if (buffered() < prefix_bytes + prefix_.header) {
    reserve(prefix_bytes + prefix_.header);
    return step::need_bytes;
  }
  return genuine(prefix_, front, header()) ? step::header : step::corrupt;
}

std::span<const std::byte> frame_reader::header() const noexcept {
  return std::span<const std::byte>{ahead_}.subspan(begin_ + prefix_bytes,
                                                    prefix_.header);
}

std::size_t frame_reader::payload_bytes() const noexcept {
  return prefix_.length - prefix_.header;
}

void frame_reader::place(std::span<std::byte> front,
                         std::span<std::byte> back) {
  begin_ += prefix_bytes + prefix_.header;
  target_ = {front, back};
  in_payload_ = true;
}

void frame_reader::skip() {
  const auto payload = payload_bytes();
  begin_ += prefix_bytes + prefix_.header;
  unwanted_ = payload;
  in_payload_ = true;
}

std::span<const std::byte> frame_reader::peek(std::size_t count) {
  reserve(count);
  return std::span<const std::byte>{ahead_}.subspan(
      begin_, std::min(count, buffered()));
}

} // namespace sluice::transport::link
