// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "transport/link/local_channel.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace sluice::transport::link;

namespace {

struct listener {
  std::vector<std::string> seen;
  channel_events events() {
    return {[this](message what) { seen.emplace_back(what.body.text()); },
            [this] { seen.emplace_back("credit"); },
            [this](end_reason how) { seen.emplace_back(to_string(how)); }};
  }
};

message saying(std::string_view text) {
  message out;
  out.body = buffer::copy_of(text);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(local_channels)

BOOST_AUTO_TEST_CASE(a_value_is_moved_and_never_encoded) {
  std::unique_ptr<int> got;
  channel_events events;
  events.on_message = [&](message what) {
    got = std::move(
        *std::any_cast<std::shared_ptr<std::unique_ptr<int>>>(what.value));
  };
  auto [one, other] = local_channel({{"e"}, {}}, {{"e"}, events});
  other->grant({1, 0});
  auto value = std::make_unique<int>(5);
  const auto* where = value.get();
  message what;
  what.value = std::make_shared<std::unique_ptr<int>>(std::move(value));
  what.encode = [](const std::any&) -> buffer {
    throw std::logic_error{"encoded"};
  };
  BOOST_TEST((one->send(std::move(what)) == send_status::sent));
  BOOST_TEST(got.get() == where);
}

BOOST_AUTO_TEST_CASE(a_send_without_credit_is_refused_and_told_later) {
  listener a;
  listener b;
  auto [one, other] = local_channel({{"e"}, a.events()}, {{"e"}, b.events()});
  auto what = saying("hello");
  BOOST_TEST((one->send(std::move(what)) == send_status::no_credit));
  BOOST_TEST(what.body.text() == "hello"); // still ours
  other->grant({1, 4});                    // too few bytes
  BOOST_TEST((one->send(std::move(what)) == send_status::no_credit));
  other->grant({0, 1});
  BOOST_TEST((one->send(std::move(what)) == send_status::sent));
  BOOST_TEST(b.seen.back() == "hello");
  BOOST_TEST(a.seen.size() == 2u); // told twice
  BOOST_TEST((one->available() == credit{}));
}

BOOST_AUTO_TEST_CASE(limits_and_names_hold_on_both_sides) {
  channel_options small{"e"};
  small.max_message_bytes = 3;
  auto [one, other] = local_channel({{"e"}, {}}, {small, {}});
  other->grant({9, 99});
  BOOST_TEST((one->send(saying("four")) == send_status::too_large));
  BOOST_TEST((one->send(saying("two")) == send_status::sent));
  BOOST_CHECK_THROW(local_channel({{"a"}, {}}, {{"b"}, {}}),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(an_answer_from_a_callback_comes_after_it) {
  std::vector<std::string> order;
  std::shared_ptr<channel> back;
  channel_events server;
  server.on_message = [&](message) {
    order.emplace_back("asked");
    back->send(saying("answer"));
    order.emplace_back("asked, done");
  };
  channel_events client;
  client.on_message = [&](message) { order.emplace_back("answered"); };
  auto [one, other] = local_channel({{"e"}, client}, {{"e"}, server});
  back = other;
  one->grant({1, 100});
  other->grant({1, 100});
  one->send(saying("question"));
  const std::vector<std::string> expected = {"asked", "asked, done",
                                             "answered"};
  BOOST_TEST(order == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(closing_ends_the_other_side_after_the_last_message) {
  listener b;
  auto [one, other] = local_channel({{"e"}, {}}, {{"e"}, b.events()});
  other->grant({2, 100});
  one->send(saying("last"));
  one->close();
  BOOST_TEST((one->send(saying("late")) == send_status::closed));
  const std::vector<std::string> expected = {"last", "closed"};
  BOOST_TEST(b.seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(senders_on_two_threads_are_served_one_after_another) {
  int inside = 0;
  int most = 0;
  int count = 0;
  channel_events events;
  events.on_message = [&](message) {
    most = std::max(most, ++inside);
    ++count;
    --inside;
  };
  auto [one, other] = local_channel({{"e"}, {}}, {{"e"}, events});
  other->grant({20'000, 1'000'000});
  const auto many = [sender = one] {
    for (int i = 0; i < 10'000; ++i)
      sender->send(saying("x"));
  };
  std::thread helper{many};
  many();
  helper.join();
  one->close(); // whoever drains last has drained all
  BOOST_TEST(most == 1);
  BOOST_TEST(count == 20'000);
}

BOOST_AUTO_TEST_SUITE_END()
