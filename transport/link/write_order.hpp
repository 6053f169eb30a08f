// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Who writes next on a shared connection: the highest priority that has
// something, and channels of one priority in turn, piece by piece. Pure.
#pragma once

#include "transport/link/channel.hpp"

#include <array>
#include <deque>
#include <optional>

namespace sluice::transport::link {

/// Holds whatever names a channel; each at most once.
template <class Channel>
class write_order {
public:
  /// `one` has something to write, and was not in here.
  void add(Channel one, priority urgency) {
    waiting_[static_cast<std::size_t>(urgency)].push_back(std::move(one));
  }
  /// The next one, which leaves; add() it again when it has more.
  std::optional<Channel> take() {
    for (auto& line : waiting_) {
      if (line.empty())
        continue;
      auto out = std::move(line.front());
      line.pop_front();
      return out;
    }
    return std::nullopt;
  }
  void clear() {
    for (auto& line : waiting_)
      line.clear();
  }

private:
  std::array<std::deque<Channel>, priorities> waiting_;
};

} // namespace sluice::transport::link
