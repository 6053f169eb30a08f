// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "gateway_fixture.hpp"
#include "tests/transport/http/raw_socket.hpp"

#include <boost/test/unit_test.hpp>

#include <future>
#include <thread>

using namespace sluice::test;
using namespace std::chrono_literals;
namespace http = sluice::transport::http;

namespace {

std::string at(const http::response& got, const char* pointer) {
  return sluice::test::at(got.body, pointer);
}

http::response ask(house& h, const std::string& body,
                   const http::header_list& headers = {}) {
  return h.client().send("POST", "/v1/chat/completions", body, headers);
}

std::vector<std::string> stream(house& h, const std::string& body) {
  std::vector<std::string> out;
  const auto got = h.client().events("POST", "/v1/chat/completions", body,
                                     [&](std::string_view data) {
                                       out.emplace_back(data);
                                       return true;
                                     });
  BOOST_TEST(got.status == 200u);
  BOOST_TEST(http::find(got.headers, "content-type").value_or("")
             == "text/event-stream");
  return out;
}

gateway_settings with(std::function<void(gateway_settings&)> change) {
  gateway_settings out;
  change(out);
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(gateway)

BOOST_AUTO_TEST_CASE(a_question_gets_its_answer) {
  house h{say_hello};
  const auto got = ask(h, chat_body());
  BOOST_TEST(got.status == 200u);
  BOOST_TEST(at(got, "/choices/0/message/content") == "\"Hello\"");
  BOOST_TEST(at(got, "/choices/0/finish_reason") == "\"stop\"");
  BOOST_TEST(at(got, "/usage/prompt_tokens") == "3");
  BOOST_TEST(at(got, "/usage/completion_tokens") == "2");
  BOOST_TEST(at(got, "/model") == "\"edge\"");
  BOOST_TEST(at(got, "/id").starts_with("\"chatcmpl-"));
}

BOOST_AUTO_TEST_CASE(the_graph_gets_what_was_asked) {
  house h{say_hello};
  ask(h, chat_body(R"("seed":5,"max_tokens":7,"stop":"x","n":2,"user":"ann")"));
  const auto got = h.graph_script->requests(2);
  BOOST_TEST_REQUIRE(got.size() == 2u);
  BOOST_TEST(got[1].id == got[0].id + 1);
  BOOST_TEST(got[0].messages == R"([{"role":"user","content":"hi"}])");
  BOOST_TEST(got[0].tenant == "ann");
  BOOST_TEST(got[0].output.max_tokens == 7u);
  BOOST_TEST(got[0].output.stop.front() == "x");
  BOOST_TEST((got[0].sampling.seed == 5 && got[1].sampling.seed == 5));
  BOOST_TEST((got[0].sampling.stream == 0 && got[1].sampling.stream == 1));
  BOOST_TEST((got[0].deadline > std::chrono::system_clock::now()));
}

BOOST_AUTO_TEST_CASE(a_missing_seed_is_drawn_once_per_http_request) {
  house h{say_hello};
  ask(h, chat_body(R"("n":2)"));
  ask(h, chat_body());
  const auto got = h.graph_script->requests(3);
  BOOST_TEST_REQUIRE(got.size() == 3u);
  BOOST_TEST(got[0].sampling.seed == got[1].sampling.seed);
  BOOST_TEST(got[0].sampling.seed != got[2].sampling.seed);
}

BOOST_AUTO_TEST_CASE(a_stream_is_role_text_finish_usage_done) {
  house h{say_hello};
  const auto events = stream(
      h, chat_body(R"("stream":true,"stream_options":{"include_usage":true})"));
  BOOST_TEST_REQUIRE(events.size() == 6u);
  BOOST_TEST(events[0].find(R"("role":"assistant")") != std::string::npos);
  BOOST_TEST(events[1].find(R"("content":"Hel")") != std::string::npos);
  BOOST_TEST(events[2].find(R"("content":"lo")") != std::string::npos);
  BOOST_TEST(events[3].find(R"("finish_reason":"stop")") != std::string::npos);
  BOOST_TEST(events[4].find(R"("total_tokens":5)") != std::string::npos);
  BOOST_TEST(events[5] == "[DONE]");
}

BOOST_AUTO_TEST_CASE(raw_prompts_become_one_request_each) {
  house h{say_hello};
  const auto got = h.client().send("POST", "/v1/completions",
                                   R"({"prompt":["a","b"],"model":"alias"})");
  BOOST_TEST(got.status == 200u);
  BOOST_TEST(at(got, "/choices/1/text") == "\"Hello\"");
  BOOST_TEST(at(got, "/usage/prompt_tokens") == "6");
  BOOST_TEST(at(got, "/model") == "\"alias\"");
  const auto asked = h.graph_script->requests(2);
  BOOST_TEST_REQUIRE(asked.size() == 2u);
  BOOST_TEST((asked[0].text == "a" && asked[1].text == "b"));
}

BOOST_AUTO_TEST_CASE(refusals_keep_their_status_even_for_streams) {
  house h{[](request_sink::pointer, const request&) -> caf::result<accepted> {
    return make_error(errc::prompt_too_long,
                      "the prompt has 600 tokens, the context 512");
  }};
  const auto got = ask(h, chat_body(R"("stream":true,"n":2)"));
  BOOST_TEST(got.status == 400u);
  BOOST_TEST(at(got, "/error/message")
             == "\"the prompt has 600 tokens, the context 512\"");
  BOOST_TEST(at(got, "/error/code") == "\"context_length_exceeded\"");
  BOOST_TEST(at(got, "/error/type") == "\"invalid_request_error\"");
}

BOOST_AUTO_TEST_CASE(an_overloaded_graph_means_429_and_when_to_retry) {
  house h{[](request_sink::pointer, const request&) -> caf::result<accepted> {
    return make_error(errc::overloaded);
  }};
  const auto got = ask(h, chat_body());
  BOOST_TEST(got.status == 429u);
  BOOST_TEST(http::find(got.headers, "retry-after").value() == "1");
  BOOST_TEST(h.figures.door.queue_rejections.value() == 1u);
}

BOOST_AUTO_TEST_CASE(one_refused_choice_cancels_its_sisters) {
  house h{
      [](request_sink::pointer, const request& got) -> caf::result<accepted> {
        if (got.sampling.stream == 1)
          return make_error(errc::overloaded);
        return accepted{got.id, 3};
      }};
  BOOST_TEST(ask(h, chat_body(R"("n":2)")).status == 429u);
  const auto asked = h.graph_script->requests(2);
  const auto gone = h.graph_script->cancelled(2);
  BOOST_TEST_REQUIRE(gone.size() == 2u);
  BOOST_TEST(gone[0] == asked[0].id);
}

BOOST_AUTO_TEST_CASE(a_failure_in_mid_stream_is_an_event) {
  house h{[](request_sink::pointer self,
             const request& got) -> caf::result<accepted> {
    const auto to = caf::actor_cast<text_sink>(self->current_sender());
    self->send(to, say(got.id, "Hel", 1));
    auto end = say(got.id, "", 1, finish_reason::error);
    end.code = errc::model_failed;
    end.error = "stage 2: out of memory";
    self->send(to, end);
    return accepted{got.id, 3};
  }};
  const auto events = stream(h, chat_body(R"("stream":true)"));
  BOOST_TEST_REQUIRE(events.size() == 4u);
  BOOST_TEST(events[2]
             == R"({"error":{"message":"stage 2: out of memory","type":)"
                R"("server_error","param":null,"code":"model_failed"}})");
  BOOST_TEST(events[3] == "[DONE]");
}

BOOST_AUTO_TEST_CASE(a_client_that_vanishes_has_its_request_cancelled) {
  house h{accept_only};
  std::atomic<bool> leave = false;
  http::client_settings settings;
  settings.cancelled = [&] { return leave.load(); };
  auto asked = std::async(std::launch::async, [&] {
    http::client caller{h.door.listening, settings};
    BOOST_CHECK_THROW(
        caller.send("POST", "/v1/chat/completions", chat_body(R"("n":2)")),
        http::http_error);
  });
  const auto got = h.graph_script->requests(2);
  leave = true;
  asked.get();
  BOOST_TEST(h.graph_script->cancelled(2)
                 == (std::vector{got[0].id, got[1].id}),
             boost::test_tools::per_element());
  BOOST_TEST(h.figures.door.disconnects.value() == 1u);
  // Late text is for nobody.
  h.tell(say(got[0].id, "late", 1, finish_reason::stop));
  BOOST_TEST(h.client().send("GET", "/health").status == 200u);
}

BOOST_AUTO_TEST_CASE(a_stream_whose_reader_leaves_is_cancelled) {
  house h{[](request_sink::pointer self,
             const request& got) -> caf::result<accepted> {
    const auto to = caf::actor_cast<text_sink>(self->current_sender());
    self->send(to, say(got.id, "Hel", 1));
    return accepted{got.id, 3};
  }};
  h.client().events(
      "POST", "/v1/chat/completions", chat_body(R"("stream":true)"),
      [](std::string_view data) { return data.find("Hel") == data.npos; });
  BOOST_TEST(h.graph_script->cancelled(1).size() == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_rests_while_its_client_does_not_read) {
  house h{[](request_sink::pointer self,
             const request& got) -> caf::result<accepted> {
            // More than the kernel takes for the client.
            const auto to = caf::actor_cast<text_sink>(self->current_sender());
            self->send(to, say(got.id, std::string(16 << 20, 'x'), 1));
            return accepted{got.id, 3};
          },
          with([](auto& s) { s.front.http.output_limit = 40 << 20; })};
  raw_socket slow{h.door.listening.port, 4096};
  const auto body = chat_body(R"("stream":true)");
  slow.send("POST /v1/chat/completions HTTP/1.1\r\nHost: t\r\n"
            "Connection: close\r\nContent-Length: "
            + std::to_string(body.size()) + "\r\n\r\n" + body);
  const auto asked = h.graph_script->requests(1);
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST((h.graph_script->held(1) == std::vector{1}));
  auto reading =
      std::async(std::launch::async, [&] { return slow.read_all().size(); });
  BOOST_TEST((h.graph_script->held(2) == std::vector{1, 0}));
  h.tell(say(asked[0].id, "", 2, finish_reason::stop));
  BOOST_TEST(reading.get() > 16u << 20);
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_the_request_everywhere) {
  house h{accept_only};
  const auto got = ask(h, chat_body(), {{"X-Request-Timeout", "0.05"}});
  BOOST_TEST(got.status == 504u);
  BOOST_TEST(at(got, "/error/code") == "\"deadline_exceeded\"");
  BOOST_TEST(h.graph_script->cancelled(1).size() == 1u);
  BOOST_TEST(h.figures.door.deadlines_missed.value() == 1u);
  BOOST_TEST(ask(h, chat_body(R"("timeout":0.05)")).status == 504u);
}

BOOST_AUTO_TEST_CASE(a_wrong_timeout_header_is_named) {
  house h{say_hello};
  const auto got = ask(h, chat_body(), {{"X-Request-Timeout", "soon"}});
  BOOST_TEST(got.status == 400u);
  BOOST_TEST(at(got, "/error/message")
             == "\"the header X-Request-Timeout must be seconds between 0.001 "
                "and 86400, not 'soon'\"");
}

BOOST_AUTO_TEST_CASE(a_full_house_answers_429) {
  house h{accept_only, with([](auto& s) { s.max_in_flight = 2; })};
  auto first = std::async(std::launch::async,
                          [&] { return ask(h, chat_body(R"("n":2)")); });
  const auto got = h.graph_script->requests(2);
  const auto refused = ask(h, chat_body());
  BOOST_TEST(refused.status == 429u);
  BOOST_TEST(at(refused, "/error/message")
             == "\"too many requests in flight, try again later\"");
  BOOST_TEST(http::find(refused.headers, "retry-after").has_value());
  h.tell(say(got[0].id, "a", 1, finish_reason::stop));
  h.tell(say(got[1].id, "b", 1, finish_reason::stop));
  BOOST_TEST(first.get().status == 200u);
  // The client hears before the books are closed.
  while (h.figures.door.requests_in_flight.value() > 0)
    std::this_thread::yield();
}

BOOST_AUTO_TEST_CASE(a_graph_that_dies_fails_its_requests) {
  house h{accept_only};
  auto first =
      std::async(std::launch::async, [&] { return ask(h, chat_body()); });
  h.graph_script->requests(1);
  caf::anon_send_exit(h.graph, caf::exit_reason::kill);
  const auto got = first.get();
  BOOST_TEST(got.status == 500u);
  BOOST_TEST(at(got, "/error/message") == "\"the model went down\"");
  BOOST_TEST(ask(h, chat_body()).status == 503u);
}

BOOST_AUTO_TEST_CASE(while_loading_only_health_and_figures_answer) {
  house h{say_hello, {}, false};
  h.door.state->loading(0.25, "edge: 1 of 4 layers");
  const auto health = h.client().send("GET", "/health");
  BOOST_TEST(health.status == 503u);
  BOOST_TEST(health.body
             == R"({"status":"loading","progress":0.25,)"
                R"("what":"edge: 1 of 4 layers"})");
  BOOST_TEST(h.client().send("GET", "/metrics").status == 200u);
  BOOST_TEST(h.client().send("GET", "/v1/models").status == 503u);
  const auto got = ask(h, chat_body());
  BOOST_TEST(got.status == 503u);
  BOOST_TEST(at(got, "/error/message") == "\"the model is still loading\"");
  caf::anon_send(h.door.actor, sluice::actors::connect{h.graph});
  h.door.state->open({house::model()});
  BOOST_TEST(h.client().send("GET", "/health").body == R"({"status":"ok"})");
  BOOST_TEST(ask(h, chat_body()).status == 200u);
}

BOOST_AUTO_TEST_CASE(a_drain_waits_for_what_is_in_flight) {
  house h{accept_only};
  auto first =
      std::async(std::launch::async, [&] { return ask(h, chat_body()); });
  const auto got = h.graph_script->requests(1);
  caf::scoped_actor self{h.system};
  auto pending = self->request(h.door.actor, 20s, drain{10'000});
  while (h.door.state->look().phase != door_phase::draining)
    std::this_thread::yield();
  BOOST_TEST(h.client().send("GET", "/health").status == 503u);
  BOOST_TEST(ask(h, chat_body()).status == 503u);
  h.tell(say(got[0].id, "done", 1, finish_reason::stop));
  BOOST_TEST(first.get().status == 200u);
  pending.receive([](const drained& d) { BOOST_TEST(d.abandoned == 0u); },
                  [](const caf::error& e) { BOOST_FAIL(to_string(e)); });
}

BOOST_AUTO_TEST_CASE(a_drain_gives_up_what_does_not_end) {
  house h{accept_only};
  auto first =
      std::async(std::launch::async, [&] { return ask(h, chat_body()); });
  h.graph_script->requests(1);
  caf::scoped_actor self{h.system};
  self->request(h.door.actor, 20s, drain{50})
      .receive([](const drained& d) { BOOST_TEST(d.abandoned == 1u); },
               [](const caf::error& e) { BOOST_FAIL(to_string(e)); });
  const auto got = first.get();
  BOOST_TEST(got.status == 503u);
  BOOST_TEST(at(got, "/error/code") == "\"shutting_down\"");
  BOOST_TEST(h.graph_script->cancelled(1).size() == 1u);
}

BOOST_AUTO_TEST_CASE(exit_drains_and_closes_the_port) {
  house h{accept_only};
  auto first =
      std::async(std::launch::async, [&] { return ask(h, chat_body()); });
  const auto got = h.graph_script->requests(1);
  caf::scoped_actor self{h.system};
  self->send_exit(h.door.actor, caf::exit_reason::user_shutdown);
  while (h.door.state->look().phase != door_phase::draining)
    std::this_thread::yield();
  h.tell(say(got[0].id, "done", 1, finish_reason::stop));
  BOOST_TEST(first.get().status == 200u);
  self->wait_for(h.door.actor);
  BOOST_CHECK_THROW(h.client().send("GET", "/health"), http::http_error);
}

BOOST_AUTO_TEST_CASE(a_killed_gateway_leaves_no_client_waiting) {
  house h{accept_only};
  auto first = std::async(std::launch::async, [&] {
    try {
      return ask(h, chat_body()).status;
    } catch (const http::http_error&) {
      return 0u;
    }
  });
  h.graph_script->requests(1);
  caf::anon_send_exit(h.door.actor, caf::exit_reason::kill);
  BOOST_TEST(first.get() == 503u);
}

BOOST_AUTO_TEST_CASE(a_busy_port_is_refused_before_anything_is_spawned) {
  house h{say_hello};
  auto settings =
      with([&](auto& s) { s.front.http.listen = h.door.listening; });
  BOOST_CHECK_THROW(spawn_gateway(h.system, settings, h.figures),
                    http::http_error);
}

BOOST_AUTO_TEST_CASE(figures_tell_of_requests_and_their_times) {
  house h{say_hello};
  ask(h, chat_body());
  ask(h, "not json");
  const auto page = h.client().send("GET", "/metrics").body;
  const auto has = [&](const std::string& line) {
    return page.find("\n" + line + "\n") != page.npos;
  };
  BOOST_TEST(has("sluice_http_responses_total{code=\"200\"} 1"), page);
  BOOST_TEST(has("sluice_http_responses_total{code=\"400\"} 1"));
  BOOST_TEST(has("vllm:time_to_first_token_seconds_count"
                 "{model_name=\"edge\"} 1"));
  BOOST_TEST(has("vllm:inter_token_latency_seconds_count"
                 "{model_name=\"edge\"} 1"));
  BOOST_TEST(has("vllm:request_success_total{model_name=\"edge\","
                 "finished_reason=\"stop\"} 1"));
}

BOOST_AUTO_TEST_SUITE_END()
