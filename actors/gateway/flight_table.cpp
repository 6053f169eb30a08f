// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/flight_table.hpp"

namespace sluice::actors {

flight& flight_table::add(flight one, time_point deadline) {
  const auto id = one.id();
  for (std::size_t i = 0; i < one.choices(); ++i) {
    owners_.emplace(one.first() + i, id);
    one.place(i, take_place());
  }
  choices_ += one.places();
  deadlines_.emplace(deadline, id);
  return flights_.emplace(id, entry{std::move(one), deadline})
      .first->second.value;
}

std::uint32_t flight_table::take_place() {
  if (free_.empty())
    return used_++;
  return free_.extract(free_.begin()).value();
}

flight* flight_table::find(std::uint64_t http_id) {
  const auto at = flights_.find(http_id);
  return at == flights_.end() ? nullptr : &at->second.value;
}

const flight* flight_table::find(std::uint64_t http_id) const {
  const auto at = flights_.find(http_id);
  return at == flights_.end() ? nullptr : &at->second.value;
}

flight* flight_table::find_choice(request_id id) {
  const auto at = owners_.find(id);
  return at == owners_.end() ? nullptr : find(at->second);
}

void flight_table::erase(std::uint64_t http_id) {
  const auto at = flights_.find(http_id);
  if (at == flights_.end())
    return;
  const auto& [value, deadline] = at->second;
  for (std::size_t i = 0; i < value.choices(); ++i) {
    owners_.erase(value.first() + i);
    free_.insert(value.place(i));
  }
  choices_ -= value.places();
  deadlines_.erase({deadline, http_id});
  flights_.erase(at);
}

std::vector<std::uint64_t> flight_table::expired(time_point now) const {
  std::vector<std::uint64_t> out;
  for (const auto& [deadline, id] : deadlines_) {
    if (deadline > now)
      break;
    out.push_back(id);
  }
  return out;
}

std::vector<std::uint64_t> flight_table::all() const {
  std::vector<std::uint64_t> out;
  for (const auto& [id, one] : flights_)
    out.push_back(id);
  return out;
}

} // namespace sluice::actors
