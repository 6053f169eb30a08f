// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/kv/host_tier.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::device;

namespace {

block_key key(std::uint8_t n) {
  return {n};
}

std::vector<std::byte> bytes(std::uint8_t n) {
  return std::vector<std::byte>(100, std::byte{n});
}

bool holds(host_tier& tier, std::uint8_t n) {
  const auto got = tier.get(key(n));
  return got.size() == 100 && got.front() == std::byte{n};
}

} // namespace

BOOST_AUTO_TEST_SUITE(host)

BOOST_AUTO_TEST_CASE(the_least_recently_used_block_makes_room) {
  host_tier tier(3);
  for (const std::uint8_t n : {1, 2, 3})
    BOOST_TEST(tier.put(key(n), bytes(n)) == 0u);
  BOOST_TEST(holds(tier, 1));
  BOOST_TEST(tier.put(key(4), bytes(4)) == 1u);
  BOOST_TEST(!holds(tier, 2));
  for (const std::uint8_t n : {1, 3, 4})
    BOOST_TEST(holds(tier, n));
  BOOST_TEST(tier.size() == 3u);
  BOOST_TEST(tier.bytes() == 300u);
}

BOOST_AUTO_TEST_CASE(a_block_put_again_is_recent_and_kept_once) {
  host_tier tier(2);
  tier.put(key(1), bytes(1));
  tier.put(key(2), bytes(2));
  BOOST_TEST(tier.put(key(1), bytes(1)) == 0u);
  tier.put(key(3), bytes(3));
  BOOST_TEST(holds(tier, 1));
  BOOST_TEST(!holds(tier, 2));
}

BOOST_AUTO_TEST_CASE(without_slots_nothing_is_kept) {
  host_tier tier(0);
  BOOST_TEST(tier.put(key(1), bytes(1)) == 0u);
  BOOST_TEST(!holds(tier, 1));
  BOOST_TEST(tier.bytes() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
