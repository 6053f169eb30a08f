// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The pure parts: windows, credit, write order, number formats.
#include "transport/link/attachment.hpp"
#include "transport/link/half.hpp"
#include "transport/link/receive_window.hpp"
#include "transport/link/send_window.hpp"
#include "transport/link/write_order.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace sluice::transport::link;

namespace {

std::shared_ptr<outgoing> of(std::size_t bytes) {
  auto out = std::make_shared<outgoing>();
  out->body = buffer::copy_of(std::string(bytes, 'x'));
  return out;
}

frame_prefix piece_prefix(std::uint64_t sequence, int flags) {
  frame_prefix out;
  out.channel = 1;
  out.sequence = sequence;
  out.flags = static_cast<std::uint8_t>(flags);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(link_windows)

BOOST_AUTO_TEST_CASE(a_message_is_cut_into_numbered_pieces) {
  send_window window;
  window.push(of(10), 4);
  window.push(of(0), 4);
  std::vector<std::string> seen;
  while (window.has_next()) {
    const auto p = window.next();
    seen.push_back(std::to_string(p.sequence) + ":" + std::to_string(p.offset)
                   + "+" + std::to_string(p.length) + (p.first ? "f" : "")
                   + (p.last ? "l" : ""));
  }
  const std::vector<std::string> expected = {"1:0+4f", "2:4+4", "3:8+2l",
                                             "4:0+0fl"};
  BOOST_TEST(seen == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(
    acknowledged_messages_are_let_go_and_the_rest_comes_again) {
  send_window window;
  window.push(of(10), 4);
  window.push(of(3), 4);
  while (window.has_next())
    window.next();
  BOOST_TEST(window.acknowledge(2).value() == 0u); // its last piece is out
  BOOST_TEST(window.bytes() == 13u);
  window.rewind();
  BOOST_TEST(window.next().sequence == 3u);
  BOOST_TEST(window.acknowledge(3).value() == 10u);
  BOOST_TEST(window.next().sequence == 4u);
  BOOST_TEST(window.acknowledge(4).value() == 3u);
  BOOST_TEST(window.empty());
  BOOST_TEST(!window.has_next());
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_of_what_was_not_sent_is_noticed) {
  send_window window;
  window.push(of(10), 4);
  BOOST_TEST(!window.acknowledge(1).has_value());
  window.next();
  BOOST_TEST(window.acknowledge(1).has_value());
  BOOST_TEST(window.acknowledge(0).has_value()); // an old one is no harm
  BOOST_TEST(!window.acknowledge(2).has_value());
}

BOOST_AUTO_TEST_CASE(pieces_are_judged_by_number_and_place) {
  using verdict = receive_window::verdict;
  receive_window window;
  BOOST_TEST((window.judge(piece_prefix(1, first_piece)) == verdict::begin));
  BOOST_TEST((window.judge(piece_prefix(2, first_piece)) == verdict::gap));
  BOOST_TEST((window.judge(piece_prefix(1, last_piece)) == verdict::misplaced));
  assembly whole;
  whole.head.body_bytes = 6;
  window.begin(whole);
  BOOST_TEST(window.fits(4, false));
  BOOST_TEST(!window.fits(4, true));
  BOOST_TEST(!window.fits(6, false));
  BOOST_TEST(!window.fits(7, true));
  BOOST_TEST(!window.finish(4, false).has_value());
  BOOST_TEST(
      (window.judge(piece_prefix(1, first_piece)) == verdict::duplicate));
  BOOST_TEST(
      (window.judge(piece_prefix(2, first_piece)) == verdict::misplaced));
  BOOST_TEST((window.judge(piece_prefix(2, last_piece)) == verdict::more));
  BOOST_TEST(!window.abandon().has_value()); // a whole piece is there: kept
  BOOST_TEST(window.finish(2, true).has_value());
  BOOST_TEST(window.received() == 2u);
  window.begin(whole);
  BOOST_TEST(window.abandon().has_value()); // nothing was: comes again
}

BOOST_AUTO_TEST_CASE(credit_is_spent_once_and_told_twice_without_harm) {
  spending account;
  BOOST_TEST(!account.spend(0));
  BOOST_TEST(account.raise({2, 100}));
  BOOST_TEST(!account.raise({2, 100}));
  BOOST_TEST(!account.raise({1, 50})); // late news
  BOOST_TEST(!account.spend(101));
  BOOST_TEST(account.spend(60));
  BOOST_TEST(!account.spend(60));
  BOOST_TEST(account.spend(0));
  BOOST_TEST(!account.spend(0));
}

BOOST_AUTO_TEST_CASE(a_consumer_notices_who_overspends_and_tells_in_time) {
  granting account;
  account.grant({4, 400});
  BOOST_TEST(!account.receive(1)); // not told yet, so nobody may use it
  BOOST_TEST(account.urgent());
  account.tell();
  BOOST_TEST(account.receive(100));
  account.grant({1, 100});
  BOOST_TEST(!account.urgent());
  BOOST_TEST(account.receive(100));
  account.grant({1, 100});
  BOOST_TEST(account.urgent()); // half is used up
  BOOST_TEST(!account.receive(201));
  account.refund(100);
  BOOST_TEST(account.receive(300));
}

BOOST_AUTO_TEST_CASE(the_urgent_go_first_and_equals_take_turns) {
  write_order<int> order;
  order.add(40, priority::weights);
  order.add(30, priority::kv_blocks);
  order.add(10, priority::tokens);
  order.add(11, priority::tokens);
  BOOST_TEST(order.take().value() == 10);
  order.add(10, priority::tokens);
  BOOST_TEST(order.take().value() == 11);
  BOOST_TEST(order.take().value() == 10);
  BOOST_TEST(order.take().value() == 30);
  order.add(0, priority::control);
  BOOST_TEST(order.take().value() == 0);
  BOOST_TEST(order.take().value() == 40);
  BOOST_TEST(!order.take().has_value());
}

BOOST_AUTO_TEST_CASE(bf16_rounds_to_nearest_even) {
  const auto bits = [](std::uint32_t value) {
    return to_bf16(std::bit_cast<float>(value));
  };
  BOOST_TEST(bits(0x3f800000) == 0x3f80); // 1
  BOOST_TEST(bits(0x3f808000) == 0x3f80); // a tie: down to even
  BOOST_TEST(bits(0x3f818000) == 0x3f82); // a tie: up to even
  BOOST_TEST(bits(0x3f808001) == 0x3f81);
  BOOST_TEST(bits(0x3f807fff) == 0x3f80);
  BOOST_TEST(bits(0x7f7fffff) == 0x7f80); // the largest rounds to infinity
  BOOST_TEST(bits(0x80000000) == 0x8000); // -0
  BOOST_TEST(bits(0xff800000) == 0xff80);
  // A NaN whose kept bits are zero must not become infinite.
  BOOST_TEST(std::isnan(from_bf16(bits(0x7f800001))));
}

BOOST_AUTO_TEST_CASE(every_bf16_survives_the_way_there_and_back) {
  for (std::uint32_t i = 0; i <= 0xffff; ++i) {
    const auto value = static_cast<std::uint16_t>(i);
    const auto wide = from_bf16(value);
    if (!std::isnan(wide))
      BOOST_TEST(to_bf16(wide) == value);
  }
}

BOOST_AUTO_TEST_CASE(a_tensor_is_narrowed_and_widened) {
  buffer_pool pool{1 << 20};
  const std::vector<float> values = {1, -2.5, 0, 1000, 1.0f / 3};
  message what;
  what.type = element::f32;
  what.rows = 1;
  what.width = 5;
  what.attachment = buffer::copy_of(std::as_bytes(std::span{values}));
  narrow(what, pool);
  BOOST_TEST((what.type == element::bf16));
  BOOST_TEST(what.attachment.size() == 10u);
  widen(what, pool);
  BOOST_TEST((what.type == element::f32));
  const auto* out = reinterpret_cast<const float*>(what.attachment.data());
  for (std::size_t i = 0; i < values.size(); ++i)
    BOOST_TEST(std::abs(out[i] - values[i])
               <= std::abs(values[i]) * 0x1p-8); // half of the last of 8 bits
}

BOOST_AUTO_TEST_CASE(attachments_are_compressed_only_when_it_helps) {
  buffer_pool pool{1 << 20};
  const auto zeros = buffer::copy_of(std::string(100'000, '\0'));
  const auto packed = compress(zeros, 1, pool);
  BOOST_REQUIRE(packed.has_value());
  BOOST_TEST(packed->size() < 1000u);
  BOOST_TEST(decompress(packed->bytes(), 100'000, pool)->text()
             == zeros.text());
  BOOST_TEST(!decompress(packed->bytes(), 99'999, pool).has_value());
  BOOST_TEST(!decompress(packed->bytes(), 100'001, pool).has_value());
  std::mt19937 random{5};
  std::string noise(10'000, 0);
  for (auto& c : noise)
    c = static_cast<char>(random());
  BOOST_TEST(!compress(buffer::copy_of(noise), 1, pool).has_value());
  BOOST_TEST(!decompress(buffer::copy_of(noise).bytes(), 10, pool).has_value());
}

BOOST_AUTO_TEST_CASE(a_pool_keeps_what_it_may_and_no_more) {
  buffer_pool pool{40'000};
  auto one = pool.take(20'000);
  auto two = pool.take(20'000);
  const auto* first = one.get();
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(first) % 64 == 0u);
  one.reset();
  two.reset(); // 32 KiB each: the second is one too many
  BOOST_TEST(pool.kept() == 32'768u);
  BOOST_TEST(pool.take(30'000).get() == first);
}

BOOST_AUTO_TEST_SUITE_END()
