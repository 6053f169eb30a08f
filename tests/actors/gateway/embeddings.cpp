// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// POST /v1/embeddings at the door, with a scripted graph behind it.
#include "tests/actors/gateway/gateway_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace sluice::test;
using sluice::device::reading_kind;

namespace {

text_delta vector_of(request_id id, std::vector<float> vector) {
  text_delta out;
  out.id = id;
  out.embedding = std::move(vector);
  return out;
}

/// Accepts and answers with (0.6, 0.8).
caf::result<accepted> embed(request_sink::pointer self, const request& got) {
  const auto to = caf::actor_cast<text_sink>(self->current_sender());
  self->send(to, vector_of(got.id, {0.6f, 0.8f}));
  self->send(to, say(got.id, "", 0, finish_reason::length));
  return accepted{got.id, 3};
}

std::string post(const house& h, const std::string& body,
                 unsigned status = 200) {
  const auto got = h.client().send("POST", "/v1/embeddings", body);
  BOOST_TEST(got.status == status, got.body);
  return got.body;
}

std::string inputs(std::size_t count) {
  std::string out = R"({"input":["a")";
  for (std::size_t i = 1; i < count; ++i)
    out += R"(,"a")";
  return out + "]}";
}

} // namespace

BOOST_AUTO_TEST_SUITE(embeddings)

BOOST_AUTO_TEST_CASE(the_answer_is_openais_list) {
  house h{embed};
  BOOST_TEST(post(h, R"({"input":["a","b"]})")
             == R"({"object":"list","data":[{"object":"embedding","index":0,)"
                R"("embedding":[0.6,0.8]},{"object":"embedding","index":1,)"
                R"("embedding":[0.6,0.8]}],"model":"edge","usage":{)"
                R"("prompt_tokens":6,"total_tokens":6}})");
  const auto asked = h.graph_script->requests(2);
  BOOST_REQUIRE(asked.size() == 2u);
  BOOST_TEST((asked[0].reading.kind == reading_kind::embedding));
  BOOST_TEST(asked[0].prefill_only);
  BOOST_TEST(asked[0].text == "a");
  BOOST_TEST(asked[0].session == "");
}

BOOST_AUTO_TEST_CASE(base64_is_little_endian_f32) {
  house h{embed};
  const auto body = post(h, R"({"input":[1,2],"encoding_format":"base64"})");
  // 0x3f19999a, 0x3f4ccccd
  BOOST_TEST(body.find(R"("embedding":"mpkZP83MTD8=")") != std::string::npos,
             body);
}

BOOST_AUTO_TEST_CASE(fewer_dimensions_have_length_one_again) {
  house h{embed};
  const auto body = post(h, R"({"input":"a","dimensions":1})");
  BOOST_TEST(body.find(R"("embedding":[1])") != std::string::npos, body);
  BOOST_TEST(post(h, R"({"input":"a","dimensions":2})").find("[0.6,0.8]")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(more_dimensions_than_there_are_are_refused) {
  house h{embed};
  const auto body = post(h, R"({"input":"a","dimensions":3})", 400);
  BOOST_TEST(body.find("'dimensions' must be at most the model's 2, not 3")
                 != std::string::npos,
             body);
  BOOST_TEST(body.find(R"("param":"dimensions")") != std::string::npos, body);
}

BOOST_AUTO_TEST_CASE(wrong_bodies_are_refused) {
  house h{embed};
  post(h, "{}", 400);
  post(h, "nonsense", 400);
  post(h, R"({"input":[300]})", 400); // beyond the vocabulary
  post(h, R"({"input":"a","model":"unknown"})", 404);
  BOOST_TEST(h.client().send("GET", "/v1/embeddings", "").status == 405u);
}

BOOST_AUTO_TEST_CASE(a_model_without_embeddings_says_so) {
  house h{[](request_sink::pointer, const request&) -> caf::result<accepted> {
    return make_error(errc::bad_request, "model 'edge' makes no embeddings");
  }};
  const auto body = post(h, R"({"input":["a","b"]})", 400);
  BOOST_TEST(body.find("makes no embeddings") != std::string::npos, body);
}

BOOST_AUTO_TEST_CASE(a_long_list_takes_turns) {
  gateway_settings few;
  few.max_in_flight = 40;
  house h{accept_only, std::move(few)};
  std::string body;
  std::jthread client{[&] { body = post(h, inputs(100)); }};
  // 32 at once, then one more for each that ends.
  auto asked = h.graph_script->requests(32);
  BOOST_REQUIRE(asked.size() == 32u);
  for (std::size_t i = 0; i < 100; ++i) {
    asked = h.graph_script->requests(std::min<std::size_t>(100, 32 + i));
    BOOST_REQUIRE(asked.size() <= 32 + i);
    h.tell(vector_of(asked[i].id, {1.0f}));
    h.tell(say(asked[i].id, "", 0, finish_reason::length));
  }
  client.join();
  BOOST_TEST(body.find(R"("index":99,"embedding":[1])") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(too_many_inputs_are_refused) {
  gateway_settings few;
  few.front.limits.inputs = 5;
  house h{embed, std::move(few)};
  post(h, inputs(5));
  const auto body = post(h, inputs(6), 400);
  BOOST_TEST(body.find("at most 5 inputs, not 6") != std::string::npos, body);
}

BOOST_AUTO_TEST_CASE(a_deadline_cancels_what_is_under_way_alone) {
  house h{accept_only};
  post(h, inputs(50).insert(1, R"("timeout":0.2,)"), 504);
  BOOST_TEST(h.graph_script->cancelled(32).size() == 32u);
  BOOST_TEST(h.graph_script->requests(32).size() == 32u);
}

BOOST_AUTO_TEST_CASE(one_failure_ends_the_whole_list) {
  house h{accept_only};
  std::jthread client{[&] { post(h, inputs(3), 500); }};
  const auto asked = h.graph_script->requests(3);
  BOOST_REQUIRE(asked.size() == 3u);
  h.tell(vector_of(asked[0].id, {1.0f}));
  h.tell(say(asked[0].id, "", 0, finish_reason::length));
  auto end = say(asked[1].id, "", 0, finish_reason::error);
  end.code = errc::model_failed;
  h.tell(std::move(end));
  client.join();
  BOOST_TEST(h.graph_script->cancelled(2).size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_echo_of_ids_shows_their_text) {
  house h{say_hello};
  const auto got = h.client().send("POST", "/v1/completions",
                                   R"({"prompt":[97,98],"echo":true})");
  BOOST_TEST(got.body.find(R"("text":"abHello")") != std::string::npos,
             got.body);
  const auto asked = h.graph_script->requests(1);
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].text == "");
  BOOST_TEST(asked[0].tokens.size() == 2u);
}

BOOST_AUTO_TEST_CASE(only_the_first_choice_of_a_prompt_reads_it) {
  house h{say_hello};
  h.client().send(
      "POST", "/v1/completions",
      R"({"prompt":["a","b"],"n":2,"prompt_logprobs":1,"max_tokens":2})");
  const auto asked = h.graph_script->requests(4);
  BOOST_REQUIRE(asked.size() == 4u);
  for (std::size_t i = 0; i < 4; ++i)
    BOOST_TEST((asked[i].reading.kind
                == (i % 2 == 0 ? reading_kind::scores : reading_kind::none)));
}

BOOST_AUTO_TEST_CASE(an_echo_of_no_token_is_answered_with_the_prompt) {
  house h{accept_only};
  std::jthread client{[&] {
    const auto got = h.client().send(
        "POST", "/v1/completions",
        R"({"prompt":"a","echo":true,"logprobs":1,"max_tokens":0})");
    BOOST_TEST(got.body.find(R"("text":"a","logprobs":{"tokens":["a"],)"
                             R"("token_logprobs":[null])")
                   != std::string::npos,
               got.body);
  }};
  const auto asked = h.graph_script->requests(1);
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].prefill_only);
  text_delta scores;
  scores.id = asked[0].id;
  scores.prompt.push_back({97, "a", 0, 0, {}});
  h.tell(std::move(scores));
  h.tell(say(asked[0].id, "", 0, finish_reason::length));
}

BOOST_AUTO_TEST_SUITE_END()
