// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/answer_clock.hpp"

#include <algorithm>

namespace sluice::actors {

namespace {

// A wall clock may be set back.
double seconds_between(instant from, instant to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

} // namespace

void answer_clock::arrived(request_id id, instant now) {
  known_[id] = {now, {}, {}, now};
}

void answer_clock::started(request_id id, instant now) {
  if (const auto at = known_.find(id);
      at != known_.end() && !at->second.started)
    at->second.started = now;
}

std::vector<answer_times> answer_clock::stamp(std::vector<generated>& answers,
                                              instant now) {
  std::vector<answer_times> ended;
  for (auto& one : answers) {
    const auto at = known_.find(one.id);
    if (at == known_.end())
      continue;
    auto& x = at->second;
    if (one.has_token) {
      x.first = x.first.value_or(now);
      x.last = now;
    }
    const auto start = x.started.value_or(now);
    const auto first = x.first.value_or(now);
    one.times.queued = seconds_between(x.arrived, start);
    one.times.prefill = seconds_between(start, first);
    one.times.decode = seconds_between(first, x.first ? x.last : now);
    if (one.finish != finish_reason::none) {
      ended.push_back(one.times);
      known_.erase(at);
    }
  }
  return ended;
}

} // namespace sluice::actors
