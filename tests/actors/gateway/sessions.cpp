// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Sessions at the door: the table, and the endpoints over HTTP.
#include "actors/gateway/session_table.hpp"

#include "actors/gateway/parse_session.hpp"
#include "gateway_fixture.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <thread>

using namespace sluice::test;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct clocked_table {
  session_table::time_point now{};
  std::shared_ptr<session_table> table = std::make_shared<session_table>(
      session_limits{3, 10s}, [this] { return now; });

  std::string open(const std::string& owner = {}) {
    return std::get<std::string>(table->open(owner, "edge", {}));
  }
  api_error refusal(const std::string& id, const std::string& owner = {}) {
    return std::get<api_error>(table->take(id, owner));
  }
  session_table::lease_ptr take(const std::string& id,
                                const std::string& owner = {}) {
    return std::get<session_table::lease_ptr>(table->take(id, owner));
  }
};

session_content text(std::string value) {
  return {std::move(value), {}};
}

session_content message(std::string_view content) {
  return {{},
          json::array{json::object{{"role", "user"}, {"content", content}}}};
}

// A graph that takes everything and ends prefills with nothing said.
caf::result<accepted> store_or_hello(request_sink::pointer self,
                                     const request& got) {
  if (!got.prefill_only)
    return say_hello(self, got);
  self->send(caf::actor_cast<text_sink>(self->current_sender()),
             say(got.id, "", 0, finish_reason::length));
  return accepted{got.id, 3};
}

std::string opened(const house& h, const std::string& body = "{}",
                   sluice::transport::http::header_list headers = {}) {
  const auto got =
      h.client().send("POST", "/v1/sessions", body, std::move(headers));
  BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
  return std::string{json::parse(got.body).at("id").as_string()};
}

std::string error_code(const std::string& body) {
  return std::string{json::parse(body).at_pointer("/error/code").as_string()};
}

} // namespace

BOOST_AUTO_TEST_SUITE(session_table_)

BOOST_AUTO_TEST_CASE(ids_are_long_and_differ) {
  clocked_table t;
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i)
    ids.insert(t.open());
  BOOST_TEST(ids.size() == 3u);
  for (const auto& id : ids)
    BOOST_TEST(id.size() == 5u + 32u);
}

BOOST_AUTO_TEST_CASE(full_table_refuses_with_429) {
  clocked_table t;
  for (int i = 0; i < 3; ++i)
    t.open();
  const auto got = t.table->open("", "edge", {});
  const auto& error = std::get<api_error>(got);
  BOOST_TEST(error.status == 429u);
  BOOST_TEST(error.message == "all 3 sessions are in use");
  BOOST_TEST(error.retry_after > 0u);
}

BOOST_AUTO_TEST_CASE(others_sessions_do_not_exist) {
  clocked_table t;
  const auto id = t.open("key a");
  BOOST_TEST(t.refusal(id, "key b").status == 404u);
  BOOST_TEST(t.refusal(id).status == 404u);
  BOOST_TEST(std::holds_alternative<api_error>(t.table->remove(id, "key b")));
  BOOST_TEST(t.take(id, "key a")->id() == id);
}

BOOST_AUTO_TEST_CASE(held_session_is_busy_until_the_call_ends) {
  clocked_table t;
  const auto id = t.open();
  {
    const auto lease = t.take(id);
    BOOST_TEST(t.refusal(id).status == 409u);
    BOOST_TEST(t.refusal(id).code == "session_busy");
  }
  BOOST_TEST(t.take(id)->content().empty());
}

BOOST_AUTO_TEST_CASE(chunk_counts_only_when_it_was_kept) {
  clocked_table t;
  const auto id = t.open();
  BOOST_TEST(!t.take(id)->content().add(text("lost")));
  {
    const auto lease = t.take(id);
    BOOST_TEST(!lease->content().add(text("one")));
    lease->keep();
  }
  BOOST_TEST(t.take(id)->content().text == "one");
}

BOOST_AUTO_TEST_CASE(text_goes_on_with_the_last_message) {
  auto talk = message("How ");
  BOOST_TEST(!talk.add(text("do I")));
  BOOST_TEST(!talk.add(message("and")));
  BOOST_TEST(talk.messages.size() == 2u);
  BOOST_TEST(talk.messages[0].at("content").as_string() == "How do I");
  auto raw = text("raw");
  BOOST_TEST(raw.add(message("no")).value().message
             == "this session holds raw text, not messages");
}

BOOST_AUTO_TEST_CASE(session_that_nobody_calls_ends) {
  clocked_table t;
  const auto id = t.open();
  const auto other = t.open();
  t.now += 9999ms;
  t.take(other);
  BOOST_TEST(t.table->expire().empty());
  t.now += 1ms;
  const auto gone = t.table->expire();
  BOOST_REQUIRE(gone.size() == 1u);
  BOOST_TEST(gone[0].id == id);
  BOOST_TEST(t.refusal(id).status == 404u);
}

BOOST_AUTO_TEST_CASE(held_session_does_not_grow_old) {
  clocked_table t;
  const auto id = t.open();
  auto lease = t.take(id);
  t.now += 1h;
  BOOST_TEST(t.table->expire().empty());
  lease.reset();
  t.now += 9s;
  BOOST_TEST(t.table->expire().empty());
}

BOOST_AUTO_TEST_CASE(asked_ttl_is_cut_to_the_limit) {
  clocked_table t;
  t.table->open("", "edge", 1h);
  t.table->open("", "edge", 1s);
  t.now += 1s;
  BOOST_TEST(t.table->expire().size() == 1u);
  t.now += 9s;
  BOOST_TEST(t.table->expire().size() == 1u);
}

BOOST_AUTO_TEST_CASE(removed_session_tells_who_holds_it) {
  clocked_table t;
  const auto id = t.open();
  const auto lease = t.take(id);
  t.table->held_by(id, 77);
  const auto got = t.table->remove(id, "");
  BOOST_TEST(std::get<session_table::removed>(got).held_by == 77u);
  lease->keep(); // too late: nothing comes back to life
  BOOST_TEST(t.table->size() == 0u);
}

BOOST_AUTO_TEST_CASE(wrong_bodies_name_the_field) {
  const auto chunk = [](std::string_view body) {
    return std::get<api_error>(parse_chunk(body)).message;
  };
  BOOST_TEST(chunk("{}") == "'text' or 'messages' must be given, and not both");
  BOOST_TEST(chunk(R"({"text":"a","messages":[]})")
             == "'text' or 'messages' must be given, and not both");
  BOOST_TEST(chunk(R"({"text":""})") == "'text' must not be empty");
  const auto ask = [](std::string_view body) {
    return std::get<api_error>(parse_generate(body, {}, text("x"))).message;
  };
  BOOST_TEST(ask(R"({"prompt":"x"})")
             == "'prompt' must not be given: the session is the prompt");
  BOOST_TEST(ask(R"({"messages":[]})")
             == "'messages' must not be given: the session is the prompt");
  BOOST_TEST(std::get<api_error>(parse_generate("{}", {}, {})).message
             == "the session is empty: append to it first");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(session_endpoints)

BOOST_AUTO_TEST_CASE(chunks_gather_and_the_answer_has_them_all) {
  house h{store_or_hello};
  const auto id = opened(h);
  const auto path = "/v1/sessions/" + id;
  for (const auto* chunk : {R"({"text":"Once upon "})", R"({"text":"a"})"}) {
    const auto got = h.client().send("POST", path + "/append", chunk);
    BOOST_REQUIRE_MESSAGE(got.status == 200, got.body);
    BOOST_TEST(json::parse(got.body).at("tokens").as_int64() == 3);
  }
  const auto answer =
      h.client().send("POST", path + "/generate", R"({"max_tokens":4})");
  BOOST_REQUIRE_MESSAGE(answer.status == 200, answer.body);
  BOOST_TEST(json::parse(answer.body).at_pointer("/choices/0/text").as_string()
             == "Hello");
  const auto asked = h.graph_script->requests(3);
  BOOST_REQUIRE(asked.size() == 3u);
  BOOST_TEST(asked[0].text == "Once upon ");
  BOOST_TEST(asked[0].prefill_only);
  BOOST_TEST(asked[1].text == "Once upon a");
  BOOST_TEST(asked[2].text == "Once upon a");
  BOOST_TEST(!asked[2].prefill_only);
  BOOST_TEST(asked[2].output.max_tokens == 4u);
  for (const auto& one : asked)
    BOOST_TEST(one.session == id);
}

BOOST_AUTO_TEST_CASE(conversation_streams_its_answer) {
  house h{store_or_hello};
  const auto path = "/v1/sessions/" + opened(h);
  h.client().send("POST", path + "/append", chat_body());
  std::vector<std::string> events;
  h.client().events("POST", path + "/generate", R"({"stream":true})",
                    [&](std::string_view data) {
                      events.emplace_back(data);
                      return true;
                    });
  BOOST_REQUIRE(!events.empty());
  BOOST_TEST(events.back() == "[DONE]");
  BOOST_TEST(events.front().find("chat.completion.chunk") != std::string::npos);
  const auto asked = h.graph_script->requests(2);
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST(asked[0].template_options == R"({"add_generation_prompt":false})");
  BOOST_TEST(asked[1].messages == asked[0].messages);
}

BOOST_AUTO_TEST_CASE(unknown_session_is_404) {
  house h{store_or_hello};
  for (const auto* call : {"/append", "/generate"}) {
    const auto got = h.client().send(
        "POST", std::string{"/v1/sessions/sess-0"} + call, R"({"text":"x"})");
    BOOST_TEST(got.status == 404u);
    BOOST_TEST(error_code(got.body) == "session_not_found");
  }
  BOOST_TEST(h.client().send("DELETE", "/v1/sessions/sess-0").status == 404u);
  BOOST_TEST(h.client().send("POST", "/v1/sessions/sess-0/x").status == 404u);
  BOOST_TEST(h.client().send("GET", "/v1/sessions/sess-0").status == 405u);
}

BOOST_AUTO_TEST_CASE(second_call_at_the_same_time_is_409) {
  house h{accept_only};
  const auto path = "/v1/sessions/" + opened(h);
  std::jthread first{[&] {
    const auto got =
        h.client().send("POST", path + "/append", R"({"text":"x"})");
    BOOST_TEST(got.status == 409u); // ended by the delete below
    BOOST_TEST(error_code(got.body) == "session_deleted");
  }};
  const auto asked = h.graph_script->requests(1);
  BOOST_REQUIRE(asked.size() == 1u);
  const auto busy = h.client().send("POST", path + "/generate", "{}");
  BOOST_TEST(busy.status == 409u);
  BOOST_TEST(error_code(busy.body) == "session_busy");
  // Deleting ends what runs, in the graph too.
  BOOST_TEST(h.client().send("DELETE", path).status == 200u);
  first.join();
  BOOST_TEST(h.graph_script->cancelled(1).size() == 1u);
  BOOST_TEST(h.client().send("DELETE", path).status == 404u);
}

BOOST_AUTO_TEST_CASE(refused_chunk_leaves_the_session_as_it_was) {
  std::atomic<bool> full = true;
  house h{[&](request_sink::pointer self,
              const request& got) -> caf::result<accepted> {
    if (full)
      return make_error(errc::overloaded, "full");
    return store_or_hello(self, got);
  }};
  const auto path = "/v1/sessions/" + opened(h);
  BOOST_TEST(h.client().send("POST", path + "/append", R"({"text":"a"})").status
             == 429u);
  full = false;
  BOOST_TEST(h.client().send("POST", path + "/append", R"({"text":"b"})").status
             == 200u);
  BOOST_TEST(h.graph_script->requests(2)[1].text == "b");
}

BOOST_AUTO_TEST_CASE(another_api_key_cannot_use_a_session) {
  gateway_settings settings;
  settings.front.api_keys = {"one", "two"};
  house h{store_or_hello, settings};
  const auto path =
      "/v1/sessions/" + opened(h, "{}", {{"Authorization", "Bearer one"}});
  const auto append = [&](const char* key) {
    return h.client()
        .send("POST", path + "/append", R"({"text":"x"})",
              {{"Authorization", std::string{"Bearer "} + key}})
        .status;
  };
  BOOST_TEST(append("two") == 404u);
  BOOST_TEST(append("one") == 200u);
  BOOST_TEST(h.graph_script->requests(1)[0].tenant == "0/");
}

BOOST_AUTO_TEST_CASE(ended_sessions_are_forgotten_by_the_models) {
  gateway_settings settings;
  settings.front.sessions.ttl = 100ms;
  house h{store_or_hello, settings};
  const auto old = opened(h);
  auto forgotten = h.graph_script->forgotten(1);
  BOOST_REQUIRE(forgotten.size() == 1u);
  BOOST_TEST(forgotten[0] == old);
  BOOST_TEST(
      h.client()
          .send("POST", "/v1/sessions/" + old + "/append", R"({"text":"x"})")
          .status
      == 404u);
}

BOOST_AUTO_TEST_SUITE_END()
