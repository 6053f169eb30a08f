// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/router/router.hpp"

#include "tests/actors/stepped_system.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice::actors;

namespace {

struct heard {
  std::vector<request_id> prompts;
  std::vector<request_id> cancels;
};

prompt_sink::behavior_type dummy_model(prompt_sink::pointer, heard* log) {
  return {
      [log](const prompt& wish) {
        log->prompts.push_back(wish.id);
        return accepted{wish.id, 1};
      },
      [log](const cancel& msg) { log->cancels.push_back(msg.id); },
      [](const hold&) {},
      [](const forget_session&) {},
  };
}

struct fixture : stepped_system {
  fixture() {
    std::vector<prompt_sink> outputs;
    for (auto& log : logs)
      outputs.push_back(keep(system.spawn(dummy_model, &log)));
    door = keep(spawn_router(system, {{{"sensitive", {}, 1}, {"", {}, 0}}, {}},
                             outputs));
    strict = keep(spawn_router(system, {{{"sensitive", {}, 1}}, {}}, outputs));
  }

  static prompt wish(request_id id, std::vector<std::string> labels) {
    prompt made;
    made.id = id;
    made.labels = std::move(labels);
    return made;
  }

  heard logs[2];
  prompt_sink door;
  prompt_sink strict;
};

} // namespace

BOOST_AUTO_TEST_SUITE(router_)

BOOST_AUTO_TEST_CASE(a_load_rule_matches_only_beyond_its_bound) {
  const route_policy policy{{{"", load_condition{0, 0.8f, {}}, 1},
                             {"", load_condition{1, {}, 0.5f}, 2},
                             {"", {}, 0}}};
  BOOST_TEST(policy.choose({}, std::vector{0.9, 0.9}).value() == 1u);
  BOOST_TEST(policy.choose({}, std::vector{0.8, 0.5}).value() == 0u);
  BOOST_TEST(policy.choose({}, std::vector{0.1, 0.1}).value() == 2u);
}

BOOST_AUTO_TEST_CASE(the_first_matching_rule_wins) {
  const route_policy policy{{{"a", {}, 2}, {"b", {}, 1}, {"", {}, 0}}};
  const std::vector<std::string> both{"b", "a"};
  BOOST_TEST(policy.choose(both).value() == 2u);
  BOOST_TEST(policy.choose({}).value() == 0u);
}

BOOST_AUTO_TEST_CASE(no_rule_means_no_output) {
  const route_policy policy{{{"a", {}, 2}}};
  BOOST_TEST(!policy.choose({}));
  BOOST_TEST(!route_policy{{}}.choose({}));
}

BOOST_FIXTURE_TEST_CASE(labels_choose_the_output, fixture) {
  BOOST_TEST(bool{ask<accepted>(door, wish(1, {}))});
  BOOST_TEST(bool{ask<accepted>(door, wish(2, {"sensitive"}))});
  BOOST_TEST(logs[0].prompts == std::vector<request_id>{1},
             boost::test_tools::per_element());
  BOOST_TEST(logs[1].prompts == std::vector<request_id>{2},
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_prompt_without_a_rule_gets_no_route, fixture) {
  const auto reply = ask<accepted>(strict, wish(1, {}));
  BOOST_REQUIRE(!reply);
  BOOST_TEST((code_of(reply.error()) == errc::no_route));
  BOOST_TEST(context_of(reply.error())
             == "no rule of the router takes this prompt");
}

BOOST_FIXTURE_TEST_CASE(cancel_reaches_every_output, fixture) {
  tell(door, cancel{5});
  BOOST_TEST(logs[0].cancels.size() == 1u);
  BOOST_TEST(logs[1].cancels.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
