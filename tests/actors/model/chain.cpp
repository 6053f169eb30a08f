// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// preprocess, router, model and postprocess together on the bundled edge model,
// with a dummy where the gateway stands.
#include "actors/postprocess/postprocess.hpp"
#include "actors/preprocess/preprocess.hpp"
#include "actors/router/router.hpp"
#include "tests/actors/model/real_model.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;

namespace {

struct page {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<request_id, std::string> text;
  std::map<request_id, text_delta> last;
};

text_sink::behavior_type dummy_gateway(text_sink::pointer, page* out) {
  return {[out](const text_delta& delta) {
    const std::lock_guard lock{out->mutex};
    out->text[delta.id] += delta.text;
    if (delta.finish != finish_reason::none)
      out->last[delta.id] = delta;
    out->changed.notify_all();
  }};
}

class chain {
public:
  chain()
      : assets_{model_assets::open("edge", "examples/models/edge-q8_0.gguf")},
        gateway_{system_.spawn(dummy_gateway, &out)}, done_{spawn_postprocess(
                                                          system_, assets_,
                                                          gateway_)},
        model_{spawn_model(
            system_, {.pipeline = 2}, assets_,
            [this] { return device::make_cpu_backend(threads_); }, done_,
            counts_, state_)},
        pick_{spawn_router(system_, {{{"", {}, 0}}, {}}, {model_})},
        prep_{spawn_preprocess(system_, {}, assets_, pick_)} {}

  ~chain() {
    stop_in_order(system_,
                  {caf::actor_cast<caf::actor>(prep_),
                   caf::actor_cast<caf::actor>(pick_),
                   caf::actor_cast<caf::actor>(model_),
                   caf::actor_cast<caf::actor>(done_),
                   caf::actor_cast<caf::actor>(gateway_)},
                  std::chrono::minutes{1});
  }

  void ask(request_id id, std::string stop = {}) {
    request wish;
    wish.id = id;
    wish.deadline = std::chrono::system_clock::now() + std::chrono::minutes{5};
    wish.messages = R"([{"role":"user",)"
                    R"("content":"How do I show disk usage with du?"}])";
    wish.sampling.temperature = 0;
    wish.output.max_tokens = 40;
    if (!stop.empty())
      wish.output.stop = {std::move(stop)};
    caf::anon_send(prep_, std::move(wish));
  }

  void give_up(request_id id) { caf::anon_send(prep_, cancel{id}); }

  bool await(std::size_t ends) {
    std::unique_lock lock{out.mutex};
    return out.changed.wait_for(lock, std::chrono::minutes{1},
                                [&] { return out.last.size() >= ends; });
  }

  model_status status() {
    caf::scoped_actor self{system_};
    model_status now;
    self->request(caf::actor_cast<model_actor>(model_), caf::infinite,
                  get_model_status{})
        .receive([&](model_status& got) { now = std::move(got); },
                 [](const caf::error&) {});
    return now;
  }

  page out;

private:
  model_assets_ptr assets_;
  metrics counts_;
  readiness state_;
  device::thread_pool threads_{2};
  low_latency config_;
  caf::actor_system system_{config_};
  text_sink gateway_;
  token_sink done_;
  prompt_sink model_;
  prompt_sink pick_;
  request_sink prep_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(chain_)

BOOST_AUTO_TEST_CASE(a_question_gets_the_same_answer_every_time) {
  chain c;
  for (request_id id = 1; id <= 8; ++id)
    c.ask(id);
  BOOST_REQUIRE(c.await(8));
  BOOST_TEST(!c.out.text[1].empty());
  for (request_id id = 2; id <= 8; ++id)
    BOOST_TEST(c.out.text[id] == c.out.text[1]);
  BOOST_TEST(c.out.last[1].prompt_tokens > 5u);
  BOOST_TEST(c.out.last[1].completion_tokens > 1u);
  BOOST_TEST(c.status().free_blocks == c.status().blocks);
}

BOOST_AUTO_TEST_CASE(a_stop_string_ends_text_and_work) {
  chain c;
  c.ask(1);
  BOOST_REQUIRE(c.await(1));
  const auto whole = c.out.text[1];
  BOOST_REQUIRE(whole.size() > 4);
  // From the middle of one token to the middle of another.
  const auto stop = whole.substr(1, 3);
  c.ask(2, stop);
  BOOST_REQUIRE(c.await(2));
  BOOST_TEST(c.out.text[2] == whole.substr(0, whole.find(stop)));
  BOOST_TEST((c.out.last[2].finish == finish_reason::stop));
  c.ask(3); // cancel of 2 is behind this one's end at the latest
  BOOST_REQUIRE(c.await(3));
  BOOST_TEST(c.status().running == 0u);
  BOOST_TEST(c.status().books == "");
}

BOOST_AUTO_TEST_CASE(cancel_reaches_the_model_through_the_chain) {
  chain c;
  c.ask(1);
  c.give_up(1);
  BOOST_REQUIRE(c.await(1));
  BOOST_TEST((c.out.last[1].finish == finish_reason::cancelled));
  BOOST_TEST(c.status().free_blocks == c.status().blocks);
}

BOOST_AUTO_TEST_SUITE_END()
