// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/door.hpp"

#include <algorithm>

namespace sluice::actors {

const served_model* find_model(const catalogue& models, std::string_view name) {
  if (name.empty())
    return models.size() == 1 ? &models.front() : nullptr;
  for (const auto& model : models)
    if (std::find(model.names.begin(), model.names.end(), name)
        != model.names.end())
      return &model;
  return nullptr;
}

door::view door::look() const {
  const std::lock_guard lock{mutex_};
  return view_;
}

void door::loading(double progress, std::string what) {
  const std::lock_guard lock{mutex_};
  view_.progress = std::clamp(progress, 0.0, 1.0);
  view_.what = std::move(what);
}

void door::open(catalogue models) {
  auto shared = std::make_shared<const catalogue>(std::move(models));
  const std::lock_guard lock{mutex_};
  view_.models = std::move(shared);
  if (view_.phase == door_phase::loading)
    view_.phase = door_phase::open;
}

void door::drain() {
  const std::lock_guard lock{mutex_};
  view_.phase = door_phase::draining;
}

} // namespace sluice::actors
