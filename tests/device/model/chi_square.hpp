// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Whether drawn tokens fit a distribution, for the tests of what chooses them.
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace sluice::device::tests {

/// Tokens that must not appear do not; the others pass at p = 0.001.
inline void check_fit(const std::vector<int>& counts,
                      const std::vector<double>& expected) {
  const int draws = std::accumulate(counts.begin(), counts.end(), 0);
  double chi_square = 0.0;
  int cells = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double want = expected[i] * draws;
    if (want == 0.0) {
      BOOST_TEST(counts[i] == 0);
      continue;
    }
    chi_square += (counts[i] - want) * (counts[i] - want) / want;
    ++cells;
  }
  // Wilson and Hilferty's approximation of the 99.9 % point (z = 3.09).
  const double freedom = std::max(cells - 1, 1);
  const double spread = 2.0 / (9.0 * freedom);
  const double limit =
      freedom * std::pow(1.0 - spread + 3.09 * std::sqrt(spread), 3.0);
  BOOST_TEST(chi_square < limit);
}

} // namespace sluice::device::tests
