// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/postprocess/stop_matcher.hpp"

#include <algorithm>
#include <utility>

namespace sluice::actors {

namespace {

// Length of the longest suffix of `text` that is a proper prefix of `stop`.
std::size_t overlap(std::string_view text, std::string_view stop) {
  auto length = std::min(text.size(), stop.size() - 1);
  while (length > 0 && !text.ends_with(stop.substr(0, length)))
    --length;
  return length;
}

} // namespace

stop_matcher::stop_matcher(std::vector<std::string> stops)
    : stops_{std::move(stops)} {
  std::erase(stops_, "");
}

std::string stop_matcher::push(std::string_view piece) {
  if (stopped_)
    return {};
  held_ += piece;
  auto cut = std::string::npos;
  for (const auto& stop : stops_)
    if (const auto at = held_.find(stop); at < cut) {
      cut = at;
      found_ = stop;
    }
  if (cut != std::string::npos) {
    stopped_ = true;
    held_.resize(cut);
    return std::exchange(held_, {});
  }
  std::size_t keep = 0;
  for (const auto& stop : stops_)
    keep = std::max(keep, overlap(held_, stop));
  auto shown = held_.substr(0, held_.size() - keep);
  held_.erase(0, shown.size());
  return shown;
}

std::string stop_matcher::finish() {
  return std::exchange(held_, {});
}

} // namespace sluice::actors
