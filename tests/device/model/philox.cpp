// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/philox.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using sluice::device::philox4x32;
using sluice::device::uniform;

namespace {

using counter = std::array<std::uint32_t, 4>;
using key = std::array<std::uint32_t, 2>;

} // namespace

BOOST_AUTO_TEST_SUITE(philox)

// The known answers that Random123 publishes for philox4x32-10.
BOOST_AUTO_TEST_CASE(zeros_give_the_published_words) {
  static_assert(philox4x32(counter{}, key{})
                == counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
}

BOOST_AUTO_TEST_CASE(ones_give_the_published_words) {
  static_assert(philox4x32(counter{~0u, ~0u, ~0u, ~0u}, key{~0u, ~0u})
                == counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
}

BOOST_AUTO_TEST_CASE(digits_of_pi_give_the_published_words) {
  static_assert(
      philox4x32(counter{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                 key{0xa4093822, 0x299f31d0})
      == counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

BOOST_AUTO_TEST_CASE(seed_stream_and_position_each_change_the_number) {
  std::set<double> seen;
  for (std::uint64_t seed : {0ull, 1ull, 1ull << 32})
    for (std::uint64_t stream : {0ull, 1ull, 1ull << 32})
      for (std::uint64_t position : {0ull, 1ull, 1ull << 32})
        seen.insert(uniform(seed, stream, position));
  BOOST_TEST(seen.size() == 27u);
}

BOOST_AUTO_TEST_CASE(numbers_fill_zero_to_one_evenly) {
  double sum = 0.0;
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const double x = uniform(7, 0, i);
    BOOST_REQUIRE(x >= 0.0);
    BOOST_REQUIRE(x < 1.0);
    sum += x;
  }
  // Five standard errors: 5 * sqrt(1 / 12 / 100000).
  BOOST_TEST(std::abs(sum / 100000 - 0.5) < 0.0046);
}

BOOST_AUTO_TEST_SUITE_END()
