// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/terminator.hpp"

#include "actors/runtime/credit_window.hpp"
#include "actors/runtime/readiness.hpp"
#include "actors/runtime/system_settings.hpp"
#include "tests/actors/stepped_system.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace sluice::actors;
using namespace std::chrono_literals;

namespace {

struct ping {};
template <class Inspector>
auto inspect(Inspector& f, ping&) {
  return f(caf::meta::type_name("ping"));
}

caf::behavior witness(caf::event_based_actor* self, int name,
                      std::vector<int>* gone) {
  self->attach_functor([=](const caf::error&) { gone->push_back(name); });
  return {[](const ping&) {}};
}

caf::behavior stubborn(caf::event_based_actor* self, int) {
  self->set_exit_handler([](const caf::exit_msg&) {});
  return {[](const ping&) {}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(terminator_)

BOOST_FIXTURE_TEST_CASE(actors_stop_in_the_order_given, stepped_system) {
  std::vector<int> gone;
  std::vector<caf::actor> all;
  for (const int name : {3, 1, 2})
    all.push_back(system.spawn(witness, name, &gone));
  const auto stopper = keep(spawn_terminator(system, 500ms));
  const auto done = ask<shutdown_done>(stopper, shutdown{all});
  BOOST_REQUIRE(bool{done});
  BOOST_TEST(done->killed == 0u);
  const std::vector<int> order{3, 1, 2};
  BOOST_TEST(gone == order, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(one_that_is_gone_already_is_no_trouble,
                        stepped_system) {
  std::vector<int> gone;
  const auto dead = system.spawn(witness, 1, &gone);
  tell(dead, ping{});
  self->send_exit(dead, caf::exit_reason::user_shutdown);
  sched.run();
  const auto stopper = keep(spawn_terminator(system, 500ms));
  BOOST_TEST(bool{ask<shutdown_done>(stopper, shutdown{{dead}})});
}

BOOST_FIXTURE_TEST_CASE(what_does_not_go_in_time_is_killed, stepped_system) {
  std::vector<int> gone;
  const auto deaf = system.spawn(stubborn, 0);
  const auto last = system.spawn(witness, 1, &gone);
  const auto stopper = keep(spawn_terminator(system, 500ms));
  auto pending = self->request(stopper, caf::infinite, shutdown{{deaf, last}});
  sched.run();
  BOOST_TEST(gone.empty());
  sched.advance_time(499ms);
  sched.run();
  BOOST_TEST(gone.empty());
  sched.advance_time(1ms);
  sched.run();
  BOOST_TEST(gone.size() == 1u);
  std::uint32_t killed = 0;
  pending.receive([&](const shutdown_done& done) { killed = done.killed; },
                  [](const caf::error&) {});
  BOOST_TEST(killed == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_empty_list_is_done_at_once, stepped_system) {
  const auto stopper = keep(spawn_terminator(system, 500ms));
  BOOST_TEST(bool{ask<shutdown_done>(stopper, shutdown{})});
}

BOOST_AUTO_TEST_CASE(a_program_can_wait_for_the_end) {
  caf::actor_system_config config;
  apply_system_settings(config);
  caf::actor_system system{config};
  std::vector<int> gone;
  const auto one = system.spawn(witness, 1, &gone);
  BOOST_TEST(stop_in_order(system, {one}, 5s) == 0u);
  BOOST_TEST(gone.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(credit)

BOOST_AUTO_TEST_CASE(taking_without_credit_is_refused) {
  credit_window window{2};
  BOOST_TEST(window.take());
  BOOST_TEST(window.take());
  BOOST_TEST(!window.take());
  window.grant(1);
  BOOST_TEST(window.take());
  BOOST_TEST(!window.take());
}

BOOST_AUTO_TEST_CASE(a_producer_never_waits_for_a_consumer_that_keeps_up) {
  for (const std::uint32_t size : {1u, 2u, 3u, 32u}) {
    credit_window window{size};
    credit_meter meter{size};
    for (int i = 0; i < 1000; ++i) {
      BOOST_REQUIRE(window.take());
      if (const auto count = meter.consume())
        window.grant(count);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(readiness_)

BOOST_AUTO_TEST_CASE(ready_means_every_model) {
  readiness state;
  const auto one = state.add("one");
  const auto two = state.add("two");
  state.progress(one, 5, 10);
  BOOST_TEST(state.snapshot()[one].done == 5u);
  state.ready(one);
  BOOST_TEST(state.snapshot()[one].done == 10u);
  BOOST_TEST(!state.all_ready());
  BOOST_TEST(!state.wait(0ms));
  state.ready(two);
  BOOST_TEST(state.all_ready());
}

BOOST_AUTO_TEST_CASE(a_failed_model_ends_the_wait) {
  readiness state;
  const auto slot = state.add("one");
  std::thread loader{[&] { state.failed(slot, "truncated file"); }};
  BOOST_TEST(!state.wait(60s));
  loader.join();
  BOOST_TEST(state.snapshot()[slot].error == "truncated file");
}

BOOST_AUTO_TEST_SUITE_END()
