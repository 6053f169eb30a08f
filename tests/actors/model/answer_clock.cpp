// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/answer_clock.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

std::vector<generated> token(request_id id,
                             finish_reason finish = finish_reason::none) {
  generated one;
  one.id = id;
  one.has_token = true;
  one.finish = finish;
  return {one};
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer_clock_)

BOOST_AUTO_TEST_CASE(an_answers_time_is_queue_then_prefill_then_decode) {
  answer_clock times;
  times.arrived(1, instant{1s});
  times.started(1, instant{3s});
  times.started(1, instant{4s}); // preempted and started again
  auto first = token(1);
  BOOST_TEST(times.stamp(first, instant{7s}).empty());
  BOOST_TEST(first[0].times.queued == 2.0);
  BOOST_TEST(first[0].times.prefill == 4.0);
  BOOST_TEST(first[0].times.decode == 0.0);
  auto last = token(1, finish_reason::stop);
  const auto ended = times.stamp(last, instant{12s});
  BOOST_REQUIRE(ended.size() == 1u);
  BOOST_TEST(ended[0].decode == 5.0);
  BOOST_TEST(last[0].times.decode == 5.0);
  BOOST_TEST(times.size() == 0u);
}

BOOST_AUTO_TEST_CASE(an_end_that_waits_for_credit_is_counted_once) {
  answer_clock times;
  times.arrived(1, instant{1s});
  auto outbox = token(1, finish_reason::stop);
  BOOST_TEST(times.stamp(outbox, instant{2s}).size() == 1u);
  BOOST_TEST(times.stamp(outbox, instant{3s}).empty());
  BOOST_TEST(outbox[0].times.prefill == 0.0);
}

BOOST_AUTO_TEST_CASE(an_answer_given_up_in_the_queue_has_waited_only) {
  answer_clock times;
  times.arrived(1, instant{1s});
  auto gone = token(1, finish_reason::cancelled);
  gone[0].has_token = false;
  times.stamp(gone, instant{5s});
  BOOST_TEST(gone[0].times.queued == 4.0);
  BOOST_TEST(gone[0].times.prefill == 0.0);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_gives_no_negative_times) {
  answer_clock times;
  times.arrived(1, instant{9s});
  times.started(1, instant{3s});
  auto first = token(1);
  times.stamp(first, instant{2s});
  BOOST_TEST(first[0].times.queued == 0.0);
  BOOST_TEST(first[0].times.prefill == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
