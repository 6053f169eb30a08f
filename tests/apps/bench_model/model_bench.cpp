// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/bench_model/model_bench.hpp"
#include "device/cpu/cpu_backend.hpp"
#include "device/error.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::apps;

namespace {

constexpr auto small = "examples/models/stories260k.gguf";
constexpr auto quantized = "examples/models/edge-q8_0.gguf";

bench_result measure(const char* path, const bench_plan& plan) {
  const auto files = device::model_files::open(path);
  device::thread_pool pool{1};
  const auto cpu = device::make_cpu_backend(pool, device::best_isa());
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  auto out = run_bench(files, {*cpu, pool, device::best_isa()}, plan,
                       [&](auto now, auto all) {
                         BOOST_TEST(now == done + 1);
                         done = now;
                         total = all;
                       });
  BOOST_TEST(done == total);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(the_model_bench)

BOOST_AUTO_TEST_CASE(measures_each_prompt_and_each_batch) {
  const auto result = measure(
      small,
      {.prompts = {4, 16}, .generate = 2, .batches = {1, 3}, .repeats = 2});
  BOOST_REQUIRE(result.rows.size() == 4u);
  BOOST_TEST(result.rows[0].name() == "prefill 4");
  BOOST_TEST(result.rows[1].name() == "prefill 16");
  BOOST_TEST(result.rows[2].name() == "decode x1");
  BOOST_TEST(result.rows[3].name() == "decode x3");
  for (const auto& row : result.rows) {
    BOOST_TEST(row.least > 0);
    BOOST_TEST(row.least <= row.median);
    BOOST_TEST(row.median <= row.most);
    BOOST_TEST(row.share > 0);
  }
  BOOST_TEST(result.peak_bytes > 0u);
}

BOOST_AUTO_TEST_CASE(
    holds_single_answers_against_bytes_and_others_against_work) {
  const bench_plan plan{
      .prompts = {4}, .generate = 1, .batches = {1, 2}, .repeats = 1};
  const auto floats = measure(small, plan);
  BOOST_TEST(name(floats.rows.at(0).limit) == "bf16");
  BOOST_TEST(name(floats.rows.at(1).limit) == "read");
  BOOST_TEST(name(floats.rows.at(2).limit) == "bf16");
  const auto integers = measure(quantized, plan);
  BOOST_TEST(name(integers.rows.at(0).limit) == "int8");
  const auto& row = integers.rows.at(0);
  BOOST_TEST(row.share
                 == row.operations_per_second
                        / integers.ceilings.integer_operations_per_second,
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(decodes_behind_a_context) {
  const auto result = measure(small, {.prompts = {},
                                      .generate = 3,
                                      .batches = {2},
                                      .context = 40,
                                      .repeats = 1});
  BOOST_REQUIRE(result.rows.size() == 1u);
  BOOST_TEST(result.rows[0].name() == "decode x2 at 40");
}

BOOST_AUTO_TEST_CASE(refuses_a_context_that_the_model_does_not_have) {
  const bench_plan plan{
      .prompts = {}, .generate = 8, .batches = {1}, .context = 1u << 20};
  BOOST_CHECK_EXCEPTION(
      measure(small, plan), device::model_error, [](const auto& error) {
        return std::string{error.what()}.find("--context 1048576")
               != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(cuts_prompts_to_the_models_context) {
  const auto result = measure(small, {.prompts = {100000, 200000},
                                      .generate = 0,
                                      .batches = {1},
                                      .repeats = 1});
  BOOST_REQUIRE(result.rows.size() == 1u);
  BOOST_TEST(result.rows[0].tokens < 100000u);
}

BOOST_AUTO_TEST_SUITE_END()
