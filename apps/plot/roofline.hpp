// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// A roofline (Williams, Waterman and Patterson, 2009): what a machine can do at
// most for each number of operations per byte, and what was measured. Pure
// text; knows no model.
#pragma once

#include <string>
#include <vector>

namespace sluice::apps {

struct roofline_point {
  std::string label;
  double bytes_per_second = 0;      ///< > 0
  double operations_per_second = 0; ///< > 0
};

struct roofline {
  std::string title;
  std::string subtitle;
  double read_bytes_per_second = 0;      ///< the slope, > 0
  double peak_operations_per_second = 0; ///< the roof, > 0
  std::string peak_name;                 ///< "int8"
  std::vector<roofline_point> points;
};

/// Operations per byte to the right, operations per second upwards, both in
/// decades.
std::string roofline_svg(const roofline& what);

} // namespace sluice::apps
