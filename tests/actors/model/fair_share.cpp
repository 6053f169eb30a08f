// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/fair_share.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;

BOOST_AUTO_TEST_SUITE(fair_share_)

BOOST_AUTO_TEST_CASE(a_newcomer_starts_at_the_least_served_level) {
  fair_share shares;
  shares.join("a");
  shares.join("b");
  shares.charge("a", 100);
  shares.charge("b", 70);
  shares.join("c");
  BOOST_TEST(shares.served("c") == 70u);
}

BOOST_AUTO_TEST_CASE(leaving_does_not_pay_a_debt) {
  fair_share shares;
  shares.join("greedy");
  shares.join("other");
  shares.charge("greedy", 100);
  shares.leave("greedy");
  shares.join("greedy");
  BOOST_TEST(shares.served("greedy") == 100u);
}

BOOST_AUTO_TEST_CASE(a_pause_saves_up_no_turns) {
  fair_share shares;
  shares.join("a");
  shares.join("b");
  shares.charge("a", 10);
  shares.leave("a");
  shares.charge("b", 500);
  shares.join("a");
  BOOST_TEST(shares.served("a") == 500u);
}

BOOST_AUTO_TEST_CASE(tenants_that_are_gone_are_not_kept_for_ever) {
  fair_share shares;
  shares.join("stays");
  shares.charge("stays", 1000);
  for (int i = 0; i < 10000; ++i) {
    const auto name = std::to_string(i);
    shares.join(name);
    shares.leave(name);
  }
  BOOST_TEST(shares.tenants() == 1u);
  shares.leave("stays");
  BOOST_TEST(shares.tenants() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
