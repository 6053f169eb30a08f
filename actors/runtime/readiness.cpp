// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/readiness.hpp"

#include <algorithm>

namespace sluice::actors {

using phase = model_load::phase;

std::size_t readiness::add(std::string model) {
  const std::lock_guard lock{mutex_};
  models_.push_back({std::move(model), phase::loading, 0, 0, {}});
  return models_.size() - 1;
}

void readiness::progress(std::size_t slot, std::uint64_t done,
                         std::uint64_t total) {
  const std::lock_guard lock{mutex_};
  models_[slot].done = done;
  models_[slot].total = total;
}

void readiness::ready(std::size_t slot) {
  {
    const std::lock_guard lock{mutex_};
    models_[slot].state = phase::ready;
    models_[slot].done = models_[slot].total;
  }
  changed_.notify_all();
}

void readiness::failed(std::size_t slot, std::string error) {
  {
    const std::lock_guard lock{mutex_};
    models_[slot].state = phase::failed;
    models_[slot].error = std::move(error);
  }
  changed_.notify_all();
}

std::vector<model_load> readiness::snapshot() const {
  const std::lock_guard lock{mutex_};
  return models_;
}

bool readiness::settled() const {
  return std::ranges::none_of(
      models_, [](const auto& x) { return x.state == phase::loading; });
}

bool readiness::complete() const {
  return std::ranges::all_of(
      models_, [](const auto& x) { return x.state == phase::ready; });
}

bool readiness::all_ready() const {
  const std::lock_guard lock{mutex_};
  return complete();
}

bool readiness::wait(std::chrono::milliseconds patience) const {
  std::unique_lock lock{mutex_};
  changed_.wait_for(lock, patience, [this] { return settled(); });
  return complete();
}

} // namespace sluice::actors
