// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Which output of a router a prompt takes. Rules are tried in order; the first
// that matches wins. Pure: no CAF, no clock.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::actors {

/// Compares a model's load: prompts it holds divided by its batch.
struct load_condition {
  std::size_t meter = 0; ///< index into the loads given to choose
  std::optional<float> above;
  std::optional<float> below;
};

/// Prompts that carry `label` ("": every prompt) while the load is as `load`
/// says go to `output`.
struct route_rule {
  std::string label;
  std::optional<load_condition> load;
  std::size_t output = 0; ///< index into the router's outputs
};

class route_policy {
public:
  explicit route_policy(std::vector<route_rule> rules);

  /// Index of the output for a prompt with these labels, or nothing. `loads`
  /// [meters] are the loads at this moment.
  std::optional<std::size_t> choose(std::span<const std::string> labels,
                                    std::span<const double> loads = {}) const;

private:
  std::vector<route_rule> rules_;
};

} // namespace sluice::actors
