// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/receive_window.hpp"

#include <algorithm>
#include <utility>

namespace sluice::transport::link {

std::array<std::span<std::byte>, 2> next_span(const assembly& whole,
                                              std::size_t length) {
  const auto body = static_cast<std::size_t>(whole.head.body_bytes);
  const auto in_body =
      whole.filled < body ? std::min(length, body - whole.filled) : 0;
  std::array<std::span<std::byte>, 2> out;
  if (in_body > 0)
    out[0] = {whole.body.get() + whole.filled, in_body};
  if (length > in_body)
    out[1] = {whole.attachment.get() + (whole.filled + in_body - body),
              length - in_body};
  return out;
}

receive_window::verdict
receive_window::judge(const frame_prefix& prefix) const noexcept {
  if (prefix.sequence <= received_)
    return verdict::duplicate;
  if (prefix.sequence != received_ + 1)
    return verdict::gap;
  const bool first = (prefix.flags & first_piece) != 0;
  if (first == current_.has_value())
    return verdict::misplaced;
  return first ? verdict::begin : verdict::more;
}

bool receive_window::fits(std::size_t length, bool last) const noexcept {
  const auto missing = current_->payload() - current_->filled;
  return last ? length == missing : length < missing && length > 0;
}

std::optional<assembly> receive_window::finish(std::size_t length, bool last) {
  ++received_;
  current_->filled += length;
  if (!last)
    return std::nullopt;
  auto out = std::move(current_);
  current_.reset();
  return out;
}

std::optional<assembly> receive_window::abandon() {
  if (!current_ || current_->filled > 0)
    return std::nullopt;
  return std::exchange(current_, std::nullopt);
}

} // namespace sluice::transport::link
