// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_serve/trace.hpp"
#include "refused.hpp"

#include <boost/test/unit_test.hpp>

#include <sstream>

using namespace sluice::apps;
using sluice::test::refusal;

namespace {

trace read(const std::string& text) {
  std::istringstream in{text};
  return read_trace(in, "t");
}

std::string refused(const std::string& text) {
  return refusal([&] { read(text); });
}

const std::string head = "TIMESTAMP,ContextTokens,GeneratedTokens\n";

std::string mooncake(int at, int prompt, const std::string& ids) {
  return R"({"timestamp": )" + std::to_string(at) + R"(, "input_length": )"
         + std::to_string(prompt) + R"(, "output_length": 10, "hash_ids": [)"
         + ids + "]}\n";
}

} // namespace

BOOST_AUTO_TEST_SUITE(traces)

BOOST_AUTO_TEST_CASE(azure_lines_give_times_from_the_first_one) {
  const auto got = read(head
                        + "2023-11-16 23:59:59.5000000,374,44\r\n"
                          "2023-11-17 00:00:01.7500000,396,109\r\n");
  BOOST_TEST(got.requests.size() == 2u);
  BOOST_TEST(got.requests[0].at == 0);
  BOOST_TEST(got.requests[1].at == 2.25);
  BOOST_TEST(got.requests[1].prompt_tokens == 396u);
  BOOST_TEST(got.requests[1].output_tokens == 109u);
  BOOST_TEST(got.block_tokens == 0u);
}

BOOST_AUTO_TEST_CASE(days_are_counted_across_leap_years) {
  const auto got = read(head
                        + "2024-02-28 00:00:00,1,1\n"
                          "2024-03-01 00:00:00,1,1\n"
                          "2025-03-01 00:00:00,1,1\n");
  BOOST_TEST(got.requests[1].at == 2 * 86400.0);
  BOOST_TEST(got.requests[2].at == (2 + 365) * 86400.0);
}

BOOST_AUTO_TEST_CASE(mooncake_lines_give_blocks_and_sorted_times) {
  const auto got =
      read(mooncake(3000, 1100, "0, 1, 5") + mooncake(1000, 9, "7"));
  BOOST_TEST(got.requests[0].at == 0);
  BOOST_TEST(got.requests[1].at == 2);
  BOOST_TEST(got.requests[1].prompt_tokens == 1100u);
  BOOST_TEST(got.requests[1].output_tokens == 10u);
  BOOST_TEST(got.requests[1].blocks == (std::vector<std::uint64_t>{0, 1, 5}));
  BOOST_TEST(got.block_tokens == 512u);
}

BOOST_AUTO_TEST_CASE(a_malformed_line_is_named_with_file_and_line) {
  BOOST_TEST(refused("hello\n")
             == "t:1: no trace that is known here: expected the header "
                "TIMESTAMP,ContextTokens,GeneratedTokens, or JSON lines");
  BOOST_TEST(refused(head + "2023-11-16 18:15:46,1,1\nyesterday,1,1\n")
             == "t:3: 'yesterday' is no time; expected '2023-11-16 "
                "18:15:46.68'");
  BOOST_TEST(refused(head + "2023-11-16 18:15:46,1,x\n")
             == "t:2: '1,x' is not two numbers of tokens");
  BOOST_TEST(refused(head + "2023-11-16\n")
             == "t:2: expected three fields: "
                "TIMESTAMP,ContextTokens,GeneratedTokens");
  BOOST_TEST(refused(mooncake(0, 1, "1") + "{\"timestamp\": 5}\n")
             == "t:2: 'input_length' is missing");
  BOOST_TEST(refused(mooncake(0, 1, "1") + "{broken\n")
                 .starts_with("t:2: this is no JSON object: "));
  BOOST_TEST(refused(mooncake(0, -5, "1"))
             == "t:1: 'input_length' is no number, or too large");
  BOOST_TEST(refused(mooncake(0, 5, "\"a\""))
             == "t:1: 'hash_ids' holds something that is no whole number");
  BOOST_TEST(refused(head) == "t: no request in it");
  BOOST_TEST(refusal([] { read_trace("no/such.csv"); })
             == "no/such.csv: cannot be read");
}

BOOST_AUTO_TEST_CASE(speed_scale_and_limit_change_a_trace) {
  const auto got =
      changed(read(mooncake(0, 1024, "1, 2") + mooncake(4000, 520, "1, 3")
                   + mooncake(8000, 1, "4")),
              {.speed = 2, .scale = 1.0 / 32, .limit = 2});
  BOOST_TEST(got.requests.size() == 2u);
  BOOST_TEST(got.requests[1].at == 2);
  BOOST_TEST(got.requests[0].prompt_tokens == 32u);
  BOOST_TEST(got.requests[1].output_tokens == 1u, "never nothing");
  BOOST_TEST(got.block_tokens == 16u);
}

BOOST_AUTO_TEST_CASE(a_request_beyond_the_context_loses_its_prompts_end) {
  const auto got = changed(
      read(mooncake(0, 1000, "1, 2") + mooncake(1, 50, "1")), {.context = 110});
  BOOST_TEST(got.shortened == 1u);
  BOOST_TEST(got.requests[0].prompt_tokens == 100u);
  BOOST_TEST(got.requests[1].prompt_tokens == 50u);
}

BOOST_AUTO_TEST_CASE(factors_must_be_above_zero) {
  const auto one = read(mooncake(0, 1, "1"));
  BOOST_TEST(refusal([&] { changed(one, {.speed = 0}); })
             == "speed and scale must be above 0");
  BOOST_TEST(!refusal([&] { changed(one, {.scale = -1}); }).empty());
}

BOOST_AUTO_TEST_CASE(only_full_blocks_after_the_same_beginning_are_shared) {
  // 2 of the second request's blocks came before; its third is not full; in
  // the third request block 2 stands after another beginning.
  const auto got =
      read(mooncake(0, 1536, "1, 2, 3") + mooncake(1, 1100, "1, 2, 3")
           + mooncake(2, 1024, "9, 2"));
  BOOST_TEST(shared_prompt_share(got) == 1024.0 / (1536 + 1100 + 1024));
  BOOST_TEST(shared_prompt_share(read(head + "2023-11-16 18:15:46,5,1\n"))
             == 0);
}

BOOST_AUTO_TEST_SUITE_END()
