// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_model/peak_memory.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_AUTO_TEST_CASE(peak_memory_counts_what_was_given_back) {
  using sluice::apps::peak_resident_bytes;
  constexpr std::size_t bytes = std::size_t{64} << 20;
  {
    std::vector<char> held(bytes, 1);
    BOOST_TEST(held[bytes / 2] == 1);
  }
  BOOST_TEST(peak_resident_bytes() >= bytes);
}
