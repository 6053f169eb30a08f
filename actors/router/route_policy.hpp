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

/// Prompts that carry `label` go to `output`; "" matches every prompt.
struct route_rule {
  std::string label;
  std::size_t output = 0; ///< index into the router's outputs
};

class route_policy {
public:
  explicit route_policy(std::vector<route_rule> rules);

  /// Index of the output for a prompt with these labels, or nothing.
  std::optional<std::size_t> choose(std::span<const std::string> labels) const;

private:
  std::vector<route_rule> rules_;
};

} // namespace sluice::actors
