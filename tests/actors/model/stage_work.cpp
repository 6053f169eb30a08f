// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/model/stage_work.hpp"

#include "tests/actors/model/fake_engine.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;

namespace {

batch_plan one_prompt() {
  batch_plan plan;
  plan.number = 1;
  plan.sequences = {7};
  plan.steps = {{{1, 2, 3}, 0, {0}, 1}};
  plan.opened = {{7, {}, {1, 2, 3}}};
  return plan;
}

// Gives the wrong number of logits.
struct odd_engine : stage_engine {
  std::vector<float> forward(std::span<const device::sequence_step>,
                             std::vector<float>&,
                             const device::row_sink&) override {
    return {};
  }
  void copy_block(std::uint32_t, std::uint32_t) override {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(stage_work_)

BOOST_AUTO_TEST_CASE(only_the_last_stage_keeps_samplers) {
  stage_work first{std::make_unique<fake_engine>(4, true, false), false, {}};
  std::vector<float> hidden;
  std::string error;
  BOOST_TEST(first.run(one_prompt(), hidden, error).tokens.empty());
  BOOST_TEST(hidden.size() == 3u);
  BOOST_TEST(first.samplers() == 0u);
}

BOOST_AUTO_TEST_CASE(closing_a_sequence_forgets_its_sampler) {
  stage_work last{std::make_unique<fake_engine>(4, true, true), true, {}};
  std::vector<float> hidden;
  std::string error;
  BOOST_TEST(last.run(one_prompt(), hidden, error).tokens.size() == 1u);
  BOOST_TEST(last.samplers() == 1u);
  batch_plan end;
  end.closed = {7};
  last.run(end, hidden, error);
  BOOST_TEST(last.samplers() == 0u);
}

BOOST_AUTO_TEST_CASE(an_engines_exception_becomes_the_plans_error) {
  auto engine = std::make_unique<fake_engine>(4, true, true);
  engine->fail_on = 1;
  stage_work last{std::move(engine), true, {}};
  std::vector<float> hidden;
  std::string error;
  BOOST_TEST(last.run(one_prompt(), hidden, error).tokens.empty());
  BOOST_TEST(error == "the fake device caught fire");
  error.clear();
  BOOST_TEST(last.run(one_prompt(), hidden, error).tokens.size() == 1u);
  BOOST_TEST(error.empty());
}

BOOST_AUTO_TEST_CASE(a_plan_that_failed_before_is_not_run_but_booked) {
  stage_work last{std::make_unique<fake_engine>(4, true, true), true, {}};
  std::vector<float> hidden;
  std::string error = "stage 0 broke";
  BOOST_TEST(last.run(one_prompt(), hidden, error).tokens.empty());
  BOOST_TEST(error == "stage 0 broke");
  BOOST_TEST(last.samplers() == 1u);
}

BOOST_AUTO_TEST_CASE(missing_logits_are_told) {
  stage_work last{std::make_unique<odd_engine>(), true, {}};
  std::vector<float> hidden;
  std::string error;
  last.run(one_prompt(), hidden, error);
  BOOST_TEST(error == "the last stage made 0 logits for 1 rows");
}

BOOST_AUTO_TEST_CASE(right_drafts_hold_and_wrong_ones_do_not) {
  stage_work last{std::make_unique<fake_engine>(4, true, true), true, {}};
  std::vector<float> hidden;
  std::string error;
  auto plan = one_prompt();
  plan.opened[0].params.temperature = 0.0f;
  const auto expected =
      fake_answer({1, 2, 3}, device::sampler{plan.opened[0].params, {}}, 4);
  plan.steps = {{{1, 2, 3, expected[0], expected[1], 49}, 0, {0}, 4}};
  BOOST_REQUIRE(expected[2] != 49);
  const auto said = last.run(plan, hidden, error);
  BOOST_TEST(error == "");
  BOOST_TEST(said.counts == std::vector<std::uint32_t>{3},
             boost::test_tools::per_element());
  BOOST_REQUIRE(said.tokens.size() == 3u);
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_TEST(said.tokens[i].id == expected[i]);
}

BOOST_AUTO_TEST_SUITE_END()
