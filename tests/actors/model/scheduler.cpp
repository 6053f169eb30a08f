// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// The scheduler actor with its stages on the fake model, stepped by hand.
#include "actors/model/scheduler.hpp"

#include "tests/actors/model/fake_engine.hpp"
#include "tests/actors/stepped_system.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <map>

using namespace sluice;
using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

struct answers_log {
  std::map<request_id, generation> begun;
  std::map<request_id, std::vector<generated>> heard;
  std::size_t messages = 0;
};

token_sink::behavior_type dummy_postprocess(token_sink::pointer,
                                            answers_log* log) {
  return {
      [log](const generation& msg) { log->begun[msg.id] = msg; },
      [log](const step_output& msg) {
        ++log->messages;
        for (const auto& one : msg.answers)
          log->heard[one.id].push_back(one);
      },
  };
}

// Pays credits back at once, so that nothing waits for it.
token_sink::behavior_type
paying_postprocess(token_sink::stateful_pointer<caf::unit_t> self,
                   answers_log* log) {
  return {
      [log](const generation& msg) { log->begun[msg.id] = msg; },
      [self, log](const step_output& msg) {
        ++log->messages;
        for (const auto& one : msg.answers)
          log->heard[one.id].push_back(one);
        caf::anon_send(caf::actor_cast<caf::actor>(self->current_sender()),
                       credit{1});
      },
  };
}

struct fixture : stepped_system {
  explicit fixture(std::uint32_t stages = 2, bool paying = true) {
    settings.name = "fake";
    settings.limits.max_running = 4;
    settings.limits.max_waiting = 4;
    settings.limits.token_budget = 32;
    settings.limits.plans_in_flight = stages;
    settings.limits.context = 200;
    settings.limits.kv_blocks = 60;
    settings.stages = stages;
    settings.load = [this, stages](std::uint32_t index,
                                   const device::shard::progress& report) {
      report(1, 2);
      if (index == broken_stage)
        throw std::runtime_error("no such tensor");
      if (index != slow_stage)
        report(2, 2);
      auto engine =
          std::make_unique<fake_engine>(60, index == 0, index + 1 == stages);
      if (index == 0)
        engine->fail_on = fail_on;
      if (index == slow_stage)
        engine->next_layer = [this, report] { return load_slowly(report); };
      return engine;
    };
    settings.detached_stages = false;
    settings.answers =
        keep(paying ? token_sink{system.spawn(paying_postprocess, &log)}
                    : token_sink{system.spawn(dummy_postprocess, &log)});
    settings.counts = &counts.model("fake");
    settings.state = &state;
    settings.slot = state.add("fake");
    settings.now = [this] { return now; };
  }

  bool load_slowly(const device::shard::progress& report) {
    if (layers_left == 0)
      return false;
    if (holds_layers)
      return true;
    if (--layers_left == 0 && breaks_late)
      throw std::runtime_error("the disk is gone");
    if (layers_left == 0)
      report(2, 2);
    return true;
  }

  void start() {
    model = keep(system.spawn(scheduler, settings));
    sched.run();
  }

  static prompt wish(request_id id, std::size_t length = 5,
                     std::uint32_t max_tokens = 10) {
    prompt made;
    made.id = id;
    made.deadline = instant{1h};
    for (std::size_t i = 0; i < length; ++i)
      made.tokens.push_back(static_cast<std::int32_t>((id * 7 + i) % 50));
    made.output.max_tokens = max_tokens;
    made.sampling.temperature = 0;
    return made;
  }

  model_status status() {
    return *ask<model_status>(model, get_model_status{});
  }

  std::vector<std::int32_t> ids(request_id id) {
    std::vector<std::int32_t> out;
    for (const auto& one : log.heard[id])
      if (one.has_token)
        out.push_back(one.token.id);
    return out;
  }

  answers_log log;
  metrics counts;
  readiness state;
  instant now{};
  std::uint32_t broken_stage = 99;
  std::uint32_t slow_stage = 99;
  std::size_t layers_left = 0;            // of the slow stage
  std::atomic<bool> holds_layers = false; // until the test lets them in
  bool breaks_late = false;
  std::size_t fail_on = 0;
  scheduler_settings settings;
  model_actor model;
};

struct one_stage : fixture {
  one_stage() : fixture{1} {}
};

struct unpaid : fixture {
  unpaid() : fixture{1, false} {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(scheduler_actor)

BOOST_FIXTURE_TEST_CASE(loading_ends_in_readiness_with_progress, fixture) {
  BOOST_TEST(!state.all_ready());
  start();
  BOOST_TEST(state.all_ready());
  const auto load = state.snapshot().at(0);
  BOOST_TEST(load.name == "fake");
  BOOST_TEST(load.total == 4u);
  BOOST_TEST(status().ready);
}

BOOST_FIXTURE_TEST_CASE(an_answer_begins_streams_and_ends, fixture) {
  start();
  auto request = wish(3);
  request.output.stop = {"x"};
  const auto reply = ask<accepted>(model, request);
  BOOST_REQUIRE(bool{reply});
  BOOST_TEST(reply->prompt_tokens == 5u);
  BOOST_TEST(log.begun.at(3).prompt_tokens == 5u);
  BOOST_TEST(log.begun.at(3).output.stop.size() == 1u);
  const device::sampler greedy{request.sampling, {}};
  BOOST_TEST(ids(3) == fake_answer(request.tokens, greedy, 10),
             boost::test_tools::per_element());
  BOOST_TEST((log.heard[3].back().finish == finish_reason::length));
  BOOST_TEST(status().free_blocks == 60u);
  BOOST_TEST(status().books == "");
  BOOST_TEST(counts.model("fake").generation_tokens.value() == 10u);
  BOOST_TEST(counts.model("fake").prompt_tokens.value() == 5u);
  BOOST_TEST(counts.model("fake").kv_cache_usage.value() == 0.0);
}

BOOST_FIXTURE_TEST_CASE(one_message_carries_a_steps_tokens, one_stage) {
  start();
  for (request_id id = 1; id <= 4; ++id)
    self->send(model, wish(id));
  sched.run();
  // The first prompt runs alone, then the others join.
  BOOST_TEST(log.messages <= 12u);
  for (request_id id = 1; id <= 4; ++id)
    BOOST_TEST(ids(id).size() == 10u);
}

BOOST_FIXTURE_TEST_CASE(refusals_come_as_errors_with_their_text, fixture) {
  start();
  const auto reply = ask<accepted>(model, wish(1, 300));
  BOOST_REQUIRE(!reply);
  BOOST_TEST((code_of(reply.error()) == errc::prompt_too_long));
  BOOST_TEST(context_of(reply.error()).starts_with("the prompt has 300"));
}

BOOST_FIXTURE_TEST_CASE(cancel_frees_everything_at_once, one_stage) {
  start();
  self->send(model, wish(1, 20, 100));
  for (int i = 0; i < 10; ++i)
    sched.try_run_once();
  self->send(model, cancel{1});
  sched.run();
  BOOST_TEST((log.heard[1].back().finish == finish_reason::cancelled));
  BOOST_TEST(ids(1).size() < 100u);
  BOOST_TEST(status().free_blocks == 60u);
  BOOST_TEST(status().books == "");
}

BOOST_FIXTURE_TEST_CASE(a_stage_that_does_not_load_fails_the_model, fixture) {
  broken_stage = 1;
  self->send(settings.answers, generation{});
  start();
  BOOST_TEST((state.snapshot()[0].state == model_load::phase::failed));
  BOOST_TEST(state.snapshot()[0].error
             == "stage 1 of model 'fake' did not load: no such tensor");
  const auto reply = ask<accepted>(model, wish(1));
  BOOST_REQUIRE(!reply);
  BOOST_TEST((code_of(reply.error()) == errc::model_failed));
}

// In threads of their own, as they are outside of tests: a stepped stage would
// load all its layers before anybody else's turn.
BOOST_FIXTURE_TEST_CASE(plans_run_before_the_last_layer_is_in, fixture) {
  settings.detached_stages = true;
  slow_stage = 1;
  layers_left = 1;
  holds_layers = true;
  model = system.spawn(scheduler, settings);
  self->monitor(model);
  self->send(model, wish(3));
  while (ids(3).size() < 10)
    sched.try_run_once();
  BOOST_TEST(!state.all_ready());
  holds_layers = false;
  while (!state.all_ready())
    sched.try_run_once();
  BOOST_TEST(status().ready);
  self->send_exit(model, caf::exit_reason::user_shutdown);
  for (bool gone = false; !gone;) {
    sched.run();
    self->receive([&](const caf::down_msg&) { gone = true; },
                  caf::after(1ms) >> [] {});
  }
}

BOOST_FIXTURE_TEST_CASE(a_layer_that_does_not_load_fails_the_model_late,
                        fixture) {
  slow_stage = 0;
  layers_left = 50;
  breaks_late = true;
  start();
  BOOST_TEST((state.snapshot()[0].state == model_load::phase::failed));
  BOOST_TEST(state.snapshot()[0].error
             == "stage 0 of model 'fake' did not load: the disk is gone");
  BOOST_TEST(!status().ready);
  const auto reply = ask<accepted>(model, wish(1));
  BOOST_REQUIRE(!reply);
  BOOST_TEST((code_of(reply.error()) == errc::model_failed));
}

BOOST_FIXTURE_TEST_CASE(a_failed_step_fails_its_requests_and_life_goes_on,
                        fixture) {
  fail_on = 1;
  start();
  tell(model, wish(1));
  BOOST_REQUIRE(log.heard[1].size() == 1u);
  BOOST_TEST((log.heard[1][0].code == errc::model_failed));
  BOOST_TEST(log.heard[1][0].error == "the fake device caught fire");
  tell(model, wish(2));
  BOOST_TEST(ids(2).size() == 10u);
  BOOST_TEST(status().free_blocks == 60u);
}

BOOST_FIXTURE_TEST_CASE(without_credit_the_model_waits, unpaid) {
  start();
  tell(model, wish(1, 5, 100));
  BOOST_TEST(log.messages == step_window);
  BOOST_TEST(status().running == 1u);
  tell(model, credit{10});
  BOOST_TEST(log.messages == step_window + 10);
}

BOOST_FIXTURE_TEST_CASE(a_deadline_ends_an_answer_that_stands_still, unpaid) {
  start();
  auto late = wish(1, 5, 100);
  late.deadline = instant{5s};
  tell(model, late);
  BOOST_TEST(status().running == 1u);
  now = instant{5s};
  sched.advance_time(6s);
  sched.run();
  BOOST_TEST(status().running == 0u);
  tell(model, credit{1});
  BOOST_TEST((log.heard[1].back().code == errc::deadline_exceeded));
  BOOST_TEST(status().free_blocks == 60u);
}

BOOST_FIXTURE_TEST_CASE(stopping_tells_every_request_and_takes_stages_along,
                        unpaid) {
  start();
  tell(model, wish(1, 5, 100));
  self->monitor(model);
  self->send_exit(model, caf::exit_reason::user_shutdown);
  sched.run();
  BOOST_TEST((log.heard[1].back().code == errc::shutting_down));
  bool gone = false;
  self->receive([&](const caf::down_msg&) { gone = true; },
                caf::after(0s) >> [] {});
  BOOST_TEST(gone);
}

BOOST_FIXTURE_TEST_CASE(a_stage_that_dies_fails_the_model_which_still_stops,
                        one_stage) {
  settings.load = [](std::uint32_t, const device::shard::progress&)
      -> std::unique_ptr<stage_engine> { throw 5; };
  start();
  BOOST_TEST((state.snapshot()[0].state == model_load::phase::failed));
  self->monitor(model);
  self->send_exit(model, caf::exit_reason::user_shutdown);
  sched.run();
  bool gone = false;
  self->receive([&](const caf::down_msg&) { gone = true; },
                caf::after(0s) >> [] {});
  BOOST_TEST(gone);
}

BOOST_FIXTURE_TEST_CASE(embeddings_are_pooled_as_the_model_is_told, fixture) {
  using device::reading_kind;
  settings.pooling = reading_kind::last;
  start();
  auto asked = wish(1, 50);
  asked.reading.kind = reading_kind::embedding;
  asked.prefill_only = true;
  BOOST_TEST(ask<accepted>(model, asked)->prompt_tokens == 50u);
  sched.run();
  const auto& heard = log.heard.at(1);
  BOOST_REQUIRE(heard.size() == 2u);
  const auto expected = fake_reading(asked.tokens, {reading_kind::last, 0});
  BOOST_TEST((heard[0].prompt.embedding == expected.embedding));
  BOOST_TEST((heard[1].finish == finish_reason::length));
}

BOOST_FIXTURE_TEST_CASE(a_model_may_make_no_embeddings, fixture) {
  start();
  auto asked = wish(1);
  asked.reading.kind = device::reading_kind::embedding;
  const auto refused = ask<accepted>(model, asked);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((code_of(refused.error()) == errc::bad_request));
  BOOST_TEST(context_of(refused.error()) == "model 'fake' makes no embeddings");
}

BOOST_AUTO_TEST_SUITE_END()
