// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The sampler held to a grammar.
#include "device/grammar/grammar_cache.hpp"
#include "device/model/sampling.hpp"
#include "grammar_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <thread>

using namespace grammar_fixture;

namespace {

const std::int32_t end_token =
    static_cast<std::int32_t>(byte_vocabulary()->vocabulary()) - 1;

sampler follower(sampling_params params, const char* pattern) {
  sampler out{std::move(params), {end_token}};
  out.follow(compile(grammar_kind::regex, pattern));
  return out;
}

sampling_params greedy() {
  sampling_params params;
  params.temperature = 0.0f;
  return params;
}

std::vector<float> logits_for(std::initializer_list<std::int32_t> best) {
  std::vector<float> out(byte_vocabulary()->vocabulary(), 0.0f);
  float value = 10.0f;
  for (const auto id : best)
    out[static_cast<std::size_t>(id)] = value--;
  return out;
}

sampled_token next(sampler& choose, std::initializer_list<std::int32_t> best) {
  auto logits = logits_for(best);
  return choose.next(logits, 0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(grammar_sampling)

BOOST_AUTO_TEST_CASE(only_what_the_grammar_allows_is_chosen) {
  auto choose = follower(greedy(), "ab?c");
  BOOST_TEST(next(choose, {'x', 'c', 'a'}).id == 'a');
  BOOST_TEST(next(choose, {'a', end_token, 'c', 'b'}).id == 'c');
}

BOOST_AUTO_TEST_CASE(last_token_says_that_the_answer_is_complete) {
  auto choose = follower(greedy(), "ab");
  BOOST_TEST((next(choose, {'a'}).grammar == grammar_end::none));
  BOOST_TEST((next(choose, {'b'}).grammar == grammar_end::complete));
}

BOOST_AUTO_TEST_CASE(end_token_comes_only_where_the_grammar_may_end) {
  auto choose = follower(greedy(), "ab*");
  BOOST_TEST(next(choose, {end_token, 'a'}).id == 'a');
  BOOST_TEST(next(choose, {end_token, 'b'}).id == end_token);
}

BOOST_AUTO_TEST_CASE(ignored_end_tokens_do_not_stop_a_complete_answer) {
  auto params = greedy();
  params.ignore_eos = true;
  params.min_tokens = 100;
  auto choose = follower(params, "ab?");
  BOOST_TEST((next(choose, {end_token, 'a'}).grammar == grammar_end::none));
  const auto last = next(choose, {end_token, 'b'});
  BOOST_TEST(last.id == 'b');
  BOOST_TEST((last.grammar == grammar_end::complete));
}

BOOST_AUTO_TEST_CASE(request_that_bans_all_the_grammar_allows_is_stuck) {
  auto params = greedy();
  params.allowed_token_ids = {'x', 'y'};
  auto choose = follower(params, "ab");
  BOOST_TEST((next(choose, {'x'}).grammar == grammar_end::stuck));
}

BOOST_AUTO_TEST_CASE(log_probabilities_are_taken_before_the_grammar) {
  auto params = greedy();
  params.logprobs = true;
  params.top_logprobs = 1;
  auto choose = follower(params, "a");
  const auto token = next(choose, {'x', 'a'});
  BOOST_TEST(token.id == 'a');
  BOOST_TEST(token.top.at(0).first == 'x');
  BOOST_TEST(token.logprob < token.top.at(0).second);
}

BOOST_AUTO_TEST_CASE(sampling_follows_the_grammar_whatever_the_seed) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    sampling_params params;
    params.seed = seed;
    params.top_k = 5;
    auto choose = follower(params, "[0-9]{4}");
    std::string text;
    for (;;) {
      const auto token = next(choose, {'x', 'y', 'z'});
      text += byte_vocabulary()->piece(token.id);
      if (token.grammar == grammar_end::complete)
        break;
    }
    BOOST_TEST(text.size() == 4u);
  }
}

BOOST_AUTO_TEST_CASE(logits_beyond_the_vocabulary_are_never_chosen) {
  auto choose = follower(greedy(), "a");
  auto logits = logits_for({'a'});
  logits.resize(logits.size() + 200, 50.0f);
  BOOST_TEST(choose.next(logits, 0).id == 'a');
}

BOOST_AUTO_TEST_CASE(cache_compiles_a_source_once_and_forgets_the_oldest) {
  grammar_cache cache{byte_vocabulary, {.grammars = 2}};
  const auto get = [&](const char* pattern) {
    return cache.get({grammar_kind::regex, pattern, {}});
  };
  const auto a = get("a");
  BOOST_TEST(get("a") == a);
  get("b");
  get("a");
  get("c"); // b goes
  BOOST_TEST(cache.size() == 2u);
  BOOST_TEST(get("a") == a);
  BOOST_CHECK_THROW(get("("), model_error);
  BOOST_TEST(cache.get({grammar_kind::choice, R"(["a"])", {}}) != a);
}

BOOST_AUTO_TEST_CASE(one_grammar_serves_many_threads) {
  grammar_cache cache{edge_vocabulary};
  std::vector<std::thread> threads;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      const auto grammar = cache.get({grammar_kind::json_object, "", {}});
      grammar_state state{grammar};
      const std::string_view text = R"({"a": [1, {"b": "c"}], "d": null})";
      for (const char c : text) {
        mask_of(state);
        state.accept(std::string_view{&c, 1});
      }
      ended += state.finished();
    });
  for (auto& one : threads)
    one.join();
  BOOST_TEST(ended == 4);
}

BOOST_AUTO_TEST_SUITE_END()
