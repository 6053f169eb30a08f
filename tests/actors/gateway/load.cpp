// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "gateway_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <thread>

using namespace sluice::test;

BOOST_AUTO_TEST_SUITE(gateway_load)

BOOST_AUTO_TEST_CASE(a_hundred_streams_with_random_leavers_end_clean) {
  // The graph says twenty words, then ends; some clients leave after a few.
  house h{[](request_sink::pointer self,
             const request& got) -> caf::result<accepted> {
    const auto to = caf::actor_cast<text_sink>(self->current_sender());
    for (std::uint32_t i = 1; i < 20; ++i)
      self->send(to, say(got.id, "word ", i));
    self->send(to, say(got.id, "end", 20, finish_reason::stop));
    return accepted{got.id, 3};
  }};
  std::atomic<int> whole = 0;
  std::atomic<int> left = 0;
  std::vector<std::thread> clients;
  for (unsigned t = 0; t < 100; ++t)
    clients.emplace_back([&, t] {
      std::mt19937 random{t};
      auto caller = h.client();
      for (int i = 0; i < 5; ++i) {
        const unsigned patience = random() % 40; // events
        unsigned events = 0;
        std::string last;
        caller.events("POST", "/v1/chat/completions",
                      chat_body(R"("stream":true)"),
                      [&](std::string_view data) {
                        last = data;
                        return ++events <= patience;
                      });
        (last == "[DONE]" ? whole : left) += 1;
      }
    });
  for (auto& client : clients)
    client.join();
  BOOST_TEST(whole + left == 500);
  BOOST_TEST(whole > 0);
  // A drain with nothing abandoned proves that the table is empty.
  caf::scoped_actor self{h.system};
  self->request(h.door.actor, std::chrono::seconds{20}, drain{10'000})
      .receive([](const drained& d) { BOOST_TEST(d.abandoned == 0u); },
               [](const caf::error& e) { BOOST_FAIL(to_string(e)); });
  BOOST_TEST(h.figures.door.requests_in_flight.value() == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
