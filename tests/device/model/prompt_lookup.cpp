// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "device/model/prompt_lookup.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::device;

namespace {

using ids = std::vector<std::int32_t>;

} // namespace

BOOST_AUTO_TEST_SUITE(prompt_lookup_)

BOOST_AUTO_TEST_CASE(what_followed_the_last_tokens_is_proposed) {
  const prompt_lookup lookup{2, 4};
  BOOST_TEST(lookup.propose(ids{1, 2, 3, 4, 5, 9, 2, 3}, 2) == (ids{4, 5}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(longer_match_goes_before_a_later_one) {
  const prompt_lookup lookup{1, 4};
  //                            1 2 3 -> 7     3 -> 8
  BOOST_TEST(lookup.propose(ids{1, 2, 3, 7, 6, 3, 8, 1, 2, 3}, 1) == ids{7},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(latest_of_equal_matches_counts) {
  const prompt_lookup lookup{1, 2};
  BOOST_TEST(lookup.propose(ids{1, 2, 5, 1, 2, 6, 1, 2}, 1) == ids{6},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(short_match_proposes_nothing) {
  const prompt_lookup lookup{3, 4};
  BOOST_TEST(lookup.propose(ids{1, 2, 7, 0, 1, 2}, 4).empty());
  BOOST_TEST(!prompt_lookup(2, 4).propose(ids{1, 2, 7, 0, 1, 2}, 4).empty());
}

BOOST_AUTO_TEST_CASE(end_of_the_text_bounds_the_proposal) {
  const prompt_lookup lookup{2, 4};
  BOOST_TEST(lookup.propose(ids{7, 7, 7}, 8) == ids{7},
             boost::test_tools::per_element());
  BOOST_TEST(lookup.propose(ids{1, 2, 3, 1, 2}, 8) == (ids{3, 1, 2}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nothing_is_found_in_nothing) {
  const prompt_lookup lookup;
  BOOST_TEST(lookup.propose({}, 4).empty());
  BOOST_TEST(lookup.propose(ids{1}, 4).empty());
  BOOST_TEST(lookup.propose(ids{1, 2, 3}, 4).empty());
  BOOST_TEST(lookup.propose(ids{1, 2, 3, 1, 2}, 0).empty());
}

BOOST_AUTO_TEST_SUITE_END()
