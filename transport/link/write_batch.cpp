// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/write_batch.hpp"

#include <algorithm>

namespace sluice::transport::link {

void write_batch::add(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return;
  parts_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
  bytes_ += bytes.size();
}

void write_batch::add(std::vector<std::byte> whole_frame) {
  // The vector moves, its memory does not.
  frames_.push_back(std::move(whole_frame));
  add(std::span<const std::byte>{frames_.back()});
}

void write_batch::add(std::uint32_t channel, priority urgency, piece part) {
  const auto& whole = *part.whole;
  const std::span<const std::byte> header =
      part.first ? std::span<const std::byte>{whole.header}
                 : std::span<const std::byte>{};
  frame_prefix prefix;
  prefix.header = static_cast<std::uint32_t>(header.size());
  prefix.length = static_cast<std::uint32_t>(header.size() + part.length);
  prefix.channel = channel;
  prefix.sequence = part.sequence;
  prefix.priority = static_cast<std::uint8_t>(urgency);
  prefix.flags = static_cast<std::uint8_t>((part.first ? first_piece : 0)
                                           | (part.last ? last_piece : 0));
  prefixes_.push_back(encode(prefix, header));
  add(std::span<const std::byte>{prefixes_.back()});
  add(header);
  const auto body = whole.body.bytes();
  const auto in_body =
      std::min(part.length, body.size() - std::min(body.size(), part.offset));
  if (in_body > 0)
    add(body.subspan(part.offset, in_body));
  if (part.length > in_body)
    add(whole.attachment.bytes().subspan(part.offset + in_body - body.size(),
                                         part.length - in_body));
  messages_.push_back(std::move(part.whole));
}

void write_batch::advance(std::size_t bytes) {
  while (bytes > 0) {
    auto& part = parts_[at_];
    const auto here = std::min(bytes, part.iov_len);
    part.iov_base = static_cast<std::byte*>(part.iov_base) + here;
    part.iov_len -= here;
    bytes -= here;
    if (part.iov_len == 0)
      ++at_;
  }
  if (empty())
    clear();
}

void write_batch::clear() {
  parts_.clear();
  at_ = 0;
  bytes_ = 0;
  prefixes_.clear();
  frames_.clear();
  messages_.clear();
}

} // namespace sluice::transport::link
