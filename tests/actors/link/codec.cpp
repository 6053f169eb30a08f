// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/link/codec.hpp"

#include "tests/actors/link/random_message.hpp"

#include <caf/deep_to_string.hpp>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

const instant now{1h};

template <class T>
T random_message(std::uint64_t seed) {
  T out;
  tests::random_filler fill{seed};
  inspect(fill, out);
  return out;
}

template <>
refused random_message<refused>(std::uint64_t seed) {
  return {seed + 1, errc::overloaded, "full house", 7};
}

template <>
stage_pass random_message<stage_pass>(std::uint64_t seed) {
  stage_pass out;
  tests::random_filler fill{seed};
  inspect(fill, out);
  out.plan.sequences.resize(out.plan.steps.size(), 9);
  return out;
}

template <class T>
std::string shown(const T& x) {
  return caf::deep_to_string(x);
}

std::string shown(const refused& x) {
  return caf::deep_to_string(x.id, x.code, x.text, x.retry_seconds);
}

std::vector<float> floats_of(encoded_message& from) {
  auto out = std::move(from.hidden);
  out.insert(out.end(), from.proposals.begin(), from.proposals.end());
  return out;
}

using every_message =
    boost::mpl::list<request, prompt, accepted, refused, cancel, hold,
                     forget_session, generation, step_output, text_delta,
                     stage_pass, step_result, load_progress, stage_loaded,
                     credit>;

} // namespace

BOOST_AUTO_TEST_SUITE(codec_)

BOOST_AUTO_TEST_CASE_TEMPLATE(every_field_survives, T, every_message) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto sent = random_message<T>(seed);
    // A step that only tells an end has no token.
    if constexpr (std::is_same_v<T, step_output>)
      for (auto& one : sent.answers)
        BOOST_REQUIRE(one.has_token);
    const auto wanted = shown(sent);
    auto bytes = encode(std::move(sent), now);
    const auto got = decode(bytes.body, floats_of(bytes), now);
    BOOST_REQUIRE(std::holds_alternative<T>(got));
    BOOST_TEST(shown(std::get<T>(got)) == wanted);
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(defaults_survive, T, every_message) {
  auto bytes = encode(T{}, now);
  const auto got = decode(bytes.body, floats_of(bytes), now);
  BOOST_REQUIRE(std::holds_alternative<T>(got));
  BOOST_TEST(shown(std::get<T>(got)) == shown(T{}));
}

BOOST_AUTO_TEST_CASE(a_deadline_is_as_far_away_on_another_clock) {
  prompt sent;
  sent.deadline = now + 3s;
  const auto bytes = encode(sent, now);
  const auto got = decode(bytes.body, {}, now + 24h);
  BOOST_TEST((std::get<prompt>(got).deadline == now + 24h + 3s));
}

BOOST_AUTO_TEST_CASE(hidden_states_are_moved_and_not_copied) {
  stage_pass sent;
  sent.hidden.assign(1024, 0.5f);
  const auto* where = sent.hidden.data();
  auto bytes = encode(std::move(sent), now);
  BOOST_TEST(bytes.hidden.data() == where);
  BOOST_TEST(bytes.body.size() < 64u);
  const auto got = decode(bytes.body, std::move(bytes.hidden), now);
  BOOST_TEST(std::get<stage_pass>(got).hidden.data() == where);
}

BOOST_AUTO_TEST_CASE(floats_that_are_not_as_counted_are_refused) {
  stage_pass sent;
  sent.hidden.assign(8, 1.0f);
  const auto bytes = encode(sent, now);
  for (const std::size_t count : {0u, 7u, 9u})
    BOOST_CHECK_THROW(decode(bytes.body, std::vector<float>(count), now),
                      codec_error);
}

BOOST_AUTO_TEST_CASE(nothing_is_no_message) {
  BOOST_CHECK_THROW(decode({}, {}, now), codec_error);
  const std::vector<std::uint64_t> zeros(4);
  BOOST_CHECK_THROW(decode(zeros, {}, now), codec_error);
}

BOOST_AUTO_TEST_CASE(a_cut_message_is_refused_or_whole) {
  const auto bytes = encode(random_message<prompt>(3), now);
  for (std::size_t words = 0; words < bytes.body.size(); ++words)
    BOOST_CHECK_THROW(decode(std::span{bytes.body}.first(words), {}, now),
                      codec_error);
}

// Whatever arrives, decoding ends with a message or with a codec_error.
BOOST_AUTO_TEST_CASE(damaged_bytes_do_no_harm) {
  std::mt19937_64 random{5};
  std::size_t refusals = 0;
  for (int round = 0; round < 4000; ++round) {
    auto bytes = round % 2 == 0
                     ? encode(random_message<stage_pass>(round), now)
                     : encode(random_message<text_delta>(round), now);
    const auto bits = 64 * bytes.body.size();
    for (std::uint64_t flips = 1 + random() % 4; flips > 0; --flips) {
      const auto bit = random() % bits;
      bytes.body[bit / 64] ^= std::uint64_t{1} << (bit % 64);
    }
    try {
      decode(bytes.body, floats_of(bytes), now);
    } catch (const codec_error&) {
      ++refusals;
    }
  }
  BOOST_TEST(refusals > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
