// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/address.hpp"

#include <boost/test/unit_test.hpp>

using sluice::transport::parse_address;

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(every_written_form_is_understood) {
  BOOST_TEST(parse_address(":8080")->port == 8080);
  BOOST_TEST(parse_address("8080")->host == "");
  BOOST_TEST(parse_address("localhost:80")->host == "localhost");
  BOOST_TEST(parse_address("[::1]:443")->host == "::1");
  BOOST_TEST(to_string(*parse_address("[::1]:443")) == "[::1]:443");
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  for (const auto* text :
       {"", ":", "host", "::1:80", "[::1]80", ":65536", ":80x", "host:-1"})
    BOOST_TEST(!parse_address(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
