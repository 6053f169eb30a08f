// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Measures how fast plans come back, for the forecast: the model's scheduler
// actor tells it when plans leave and return. Knows no clock: time is an
// argument.
#pragma once

#include "actors/model/forecast.hpp"
#include "actors/terms.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace sluice::actors {

class pace_meter {
public:
  /// A plan with so many new tokens, perhaps none, went to the stages.
  void sent(instant now, std::size_t tokens) {
    flying_.push_back({now, tokens});
  }

  /// The oldest plan is back. The pace over recent plans, once there is one.
  std::optional<pace> returned(instant now) {
    const auto plan = flying_.front();
    flying_.pop_front();
    if (skipped_ > 0) {
      --skipped_;
      last_ = now;
      step_ = 0.0;
      return std::nullopt;
    }
    // Plans in flight at once share the time: each counts from the one before.
    const auto busy = seconds_between(std::max(plan.at, last_), now);
    last_ = now;
    step_ = plan.tokens == 0 ? 0.0 : seconds_between(plan.at, now);
    if (plan.tokens == 0 || busy <= 0.0)
      return std::nullopt;
    seconds_ = memory * seconds_ + busy;
    tokens_ = memory * tokens_ + static_cast<double>(plan.tokens);
    plans_ = memory * plans_ + 1.0;
    latency_ = memory * latency_ + seconds_between(plan.at, now);
    return pace{seconds_ / tokens_, latency_ / plans_};
  }

  /// Seconds that the plan which came back last was under way; 0 if it had no
  /// tokens.
  double last_step() const noexcept { return step_; }

  /// Plans so far, those under way included, say nothing about those to come.
  void forget() {
    seconds_ = tokens_ = plans_ = latency_ = 0.0;
    skipped_ = flying_.size();
  }

private:
  struct flying {
    instant at;
    std::size_t tokens = 0;
  };

  static double seconds_between(instant from, instant to) {
    return std::chrono::duration<double>(to - from).count();
  }

  static constexpr double memory = 15.0 / 16; // weight of what was before
  std::deque<flying> flying_;
  std::size_t skipped_ = 0; // of flying_
  instant last_{};
  double seconds_ = 0.0; // sums that fade
  double tokens_ = 0.0;
  double plans_ = 0.0;
  double latency_ = 0.0;
  double step_ = 0.0;
};

} // namespace sluice::actors
