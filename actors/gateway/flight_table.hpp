// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// All flights of a gateway, bounded, found by HTTP request, by choice and by
// deadline. Pure.
#pragma once

#include "actors/gateway/flight.hpp"

#include <set>
#include <unordered_map>

namespace sluice::actors {

class flight_table {
public:
  using time_point = flight::time_point;

  /// `bound`: choices in flight at once.
  explicit flight_table(std::size_t bound) : bound_{bound} {}

  bool has_room(std::size_t choices) const noexcept {
    return choices_ + choices <= bound_;
  }
  std::size_t choices() const noexcept { return choices_; }
  std::size_t size() const noexcept { return flights_.size(); }
  std::size_t bound() const noexcept { return bound_; }

  /// Its choices get the lowest free places, numbered from 0.
  flight& add(flight one, time_point deadline);
  /// Null when it has ended.
  flight* find(std::uint64_t http_id);
  const flight* find(std::uint64_t http_id) const;
  flight* find_choice(request_id id);
  void erase(std::uint64_t http_id);
  /// Those whose deadline is not after `now`.
  std::vector<std::uint64_t> expired(time_point now) const;
  std::vector<std::uint64_t> all() const;

private:
  struct entry {
    flight value;
    time_point deadline;
  };

  std::uint32_t take_place();

  std::size_t bound_;
  std::size_t choices_ = 0;
  std::set<std::uint32_t> free_; // places below used_
  std::uint32_t used_ = 0;
  std::unordered_map<std::uint64_t, entry> flights_;
  std::unordered_map<request_id, std::uint64_t> owners_;
  std::set<std::pair<time_point, std::uint64_t>> deadlines_;
};

} // namespace sluice::actors
