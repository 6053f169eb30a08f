// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/local_channel.hpp"

#include "transport/link/credit_account.hpp"

#include <array>
#include <deque>
#include <mutex>
#include <stdexcept>

namespace sluice::transport::link {

namespace {

struct side {
  channel_options options;
  channel_events events; // used by whoever drains
  spending to_spend;
  credit granted; // by this side, in total
  bool wants_credit = false;
  bool closed = false;
};

// Both sides and what waits to be called; the queue holds no more messages
// than credit was granted for.
struct pair_state {
  std::mutex mutex;
  std::array<side, 2> sides;
  std::deque<std::function<void()>> calls;
  bool draining = false;

  // Runs what was queued, in order, unless somebody is at it.
  void drain() {
    std::unique_lock lock{mutex};
    if (std::exchange(draining, true))
      return;
    while (!calls.empty()) {
      const auto next = std::move(calls.front());
      calls.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
    draining = false;
  }
};

class local_end final : public channel {
public:
  local_end(std::shared_ptr<pair_state> state, std::size_t which)
      : state_{std::move(state)}, own_{which} {}
  ~local_end() override { close(); }

  send_status send(message&& what) override;
  void grant(credit more) override;
  credit available() const override {
    const std::lock_guard lock{state_->mutex};
    return state_->sides[own_].to_spend.available();
  }
  void close() override;

private:
  std::shared_ptr<pair_state> state_;
  std::size_t own_;
};

send_status local_end::send(message&& what) {
  {
    const std::lock_guard lock{state_->mutex};
    auto& own = state_->sides[own_];
    auto& other = state_->sides[1 - own_];
    if (own.closed)
      return send_status::closed;
    const auto size = what.size();
    if (size > own.options.max_message_bytes
        || size > other.options.max_message_bytes)
      return send_status::too_large;
    if (!own.to_spend.spend(size)) {
      own.wants_credit = true;
      return send_status::no_credit;
    }
    // std::function copies, a message should not be copied.
    auto moved = std::make_shared<message>(std::move(what));
    state_->calls.emplace_back([&other, moved] {
      if (other.events.on_message)
        other.events.on_message(std::move(*moved));
    });
  }
  state_->drain();
  return send_status::sent;
}

void local_end::grant(credit more) {
  {
    const std::lock_guard lock{state_->mutex};
    auto& own = state_->sides[own_];
    auto& other = state_->sides[1 - own_];
    own.granted.frames += more.frames;
    own.granted.bytes += more.bytes;
    other.to_spend.raise(own.granted);
    if (!std::exchange(other.wants_credit, false))
      return;
    state_->calls.emplace_back([&other] {
      if (other.events.on_credit)
        other.events.on_credit();
    });
  }
  state_->drain();
}

void local_end::close() {
  {
    const std::lock_guard lock{state_->mutex};
    if (std::exchange(state_->sides[own_].closed, true))
      return;
    auto& other = state_->sides[1 - own_];
    state_->calls.emplace_back([&other] {
      if (other.events.on_end)
        other.events.on_end(end_reason::closed);
    });
  }
  state_->drain();
}

} // namespace

std::pair<std::shared_ptr<channel>, std::shared_ptr<channel>>
local_channel(local_side one, local_side other) {
  if (one.options.name != other.options.name)
    throw std::invalid_argument{"a channel is '" + one.options.name
                                + "' on one side and '" + other.options.name
                                + "' on the other"};
  auto state = std::make_shared<pair_state>();
  state->sides[0].options = std::move(one.options);
  state->sides[0].events = std::move(one.events);
  state->sides[1].options = std::move(other.options);
  state->sides[1].events = std::move(other.events);
  return {std::make_shared<local_end>(state, 0),
          std::make_shared<local_end>(state, 1)};
}

} // namespace sluice::transport::link
