// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// Scores of prompts on their way to clients.
#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/prompt_logprobs_json.hpp"

#include <boost/test/unit_test.hpp>

using namespace sluice;
using namespace sluice::actors;

namespace {

prompt_token first(std::string text) {
  return {1, std::move(text), 0, 0, {}};
}

prompt_token scored(std::int32_t id, std::string text, float logprob,
                    std::uint32_t rank) {
  prompt_token out{id, std::move(text), logprob, rank, {}};
  out.top.push_back({7, {"x", -0.25f, {}, 0, {}}});
  out.top.push_back({8, {"y", -2.0f, {}, 0, {}}});
  return out;
}

// "<s>ab": the begin token was added.
std::vector<prompt_token> begun_prompt() {
  return {first("<s>"), scored(9, "a", -3.0f, 4), scored(7, "b", -0.25f, 1)};
}

text_delta told(std::vector<prompt_token> prompt) {
  text_delta out;
  out.prompt = std::move(prompt);
  return out;
}

text_delta say(std::string text, std::uint32_t tokens,
               finish_reason finish = finish_reason::none) {
  text_delta out;
  out.text = std::move(text);
  out.completion_tokens = tokens;
  out.finish = finish;
  return out;
}

text_delta with_logprob(text_delta delta) {
  delta.logprobs.push_back({delta.text, -1.0f, {{delta.text, -1.0f}}, 0, {}});
  return delta;
}

api_request echo(std::string text) {
  api_request out;
  out.kind = endpoint::completions;
  out.model = "edge";
  out.prompts.push_back({std::move(text), {}});
  out.echo = true;
  out.logprobs = true;
  out.sampling.top_logprobs = 1;
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(prompt_logprobs)

BOOST_AUTO_TEST_CASE(positions_are_maps_of_ids) {
  const auto prompt = begun_prompt();
  BOOST_TEST(prompt_logprobs_json(prompt, 0)
             == R"([null,{"9":{"logprob":-3,"rank":4,"decoded_token":"a"}},)"
                R"({"7":{"logprob":-0.25,"rank":1,"decoded_token":"b"}}])");
  // The token itself is not told twice.
  BOOST_TEST(prompt_logprobs_json(prompt, 2)
             == R"([null,{"9":{"logprob":-3,"rank":4,"decoded_token":"a"},)"
                R"("7":{"logprob":-0.25,"rank":1,"decoded_token":"x"},)"
                R"("8":{"logprob":-2,"rank":2,"decoded_token":"y"}},)"
                R"({"7":{"logprob":-0.25,"rank":1,"decoded_token":"b"},)"
                R"("8":{"logprob":-2,"rank":2,"decoded_token":"y"}}])");
  BOOST_TEST(prompt_logprobs_json({}, 0) == "[]");
}

BOOST_AUTO_TEST_CASE(echoed_tokens_have_offsets_in_the_text) {
  const auto lists = echoed_logprobs("ab", begun_prompt(), 1);
  BOOST_TEST(lists.tokens == R"("<s>","a","b")");
  BOOST_TEST(lists.token_logprobs == "null,-3,-0.25");
  BOOST_TEST(lists.top_logprobs == R"(null,{"x":-0.25},{"x":-0.25})");
  BOOST_TEST(lists.offsets == "0,0,1");
}

BOOST_AUTO_TEST_CASE(offsets_count_characters_not_bytes) {
  const std::vector<prompt_token> parts{
      first("\xe2\x82"), scored(2, "\xac", -1, 1), scored(3, "!", -1, 1)};
  const auto lists = echoed_logprobs("€!", parts, 0);
  BOOST_TEST(lists.offsets == "0,1,1");
  BOOST_TEST(lists.tokens == R"("bytes:\\xe2\\x82","bytes:\\xac","!")");
  BOOST_TEST(lists.top_logprobs == "null,{},{}");
}

BOOST_AUTO_TEST_CASE(the_space_before_a_sentencepiece_text_is_not_counted) {
  const std::vector<prompt_token> parts{first("<s>"), scored(2, " Once", -1, 1),
                                        scored(3, " upon", -1, 1)};
  BOOST_TEST(echoed_logprobs("Once upon", parts, 0).offsets == "0,0,4");
  BOOST_TEST(echoed_logprobs(" Once upon", parts, 0).offsets == "0,0,5");
}

BOOST_AUTO_TEST_CASE(an_echo_goes_on_with_the_answers_tokens) {
  const auto out = make_answer_writer(echo("ab"), {1, 42});
  BOOST_TEST(out->push(0, told(begun_prompt())) == "");
  out->push(0, with_logprob(say("c", 1, finish_reason::length)));
  const auto body = out->body();
  BOOST_TEST(has(body,
                 R"("text":"abc","logprobs":{"tokens":["<s>","a","b","c"],)"
                 R"("token_logprobs":[null,-3,-0.25,-1],"top_logprobs":[)"
                 R"(null,{"x":-0.25},{"x":-0.25},{"c":-1}],)"
                 R"("text_offset":[0,0,1,2]})"),
             body);
  BOOST_TEST(!has(body, "prompt_logprobs"), body);
}

BOOST_AUTO_TEST_CASE(an_echo_of_no_answer_is_the_prompt_alone) {
  const auto out = make_answer_writer(echo("ab"), {1, 42});
  out->push(0, told(begun_prompt()));
  out->push(0, say("", 0, finish_reason::length));
  const auto body = out->body();
  BOOST_TEST(has(body, R"("text":"ab","logprobs":{"tokens":["<s>","a","b"],)"),
             body);
  BOOST_TEST(has(body, R"("completion_tokens":0)"), body);
}

BOOST_AUTO_TEST_CASE(a_streams_echo_comes_before_all_its_choices) {
  auto request = echo("ab");
  request.stream = true;
  request.choices = 2;
  const auto out = make_answer_writer(request, {1, 42});
  BOOST_TEST(out->first_events() == "");
  BOOST_TEST(out->push(1, with_logprob(say("d", 1))) == "");
  const auto events = out->push(0, told(begun_prompt()));
  const auto zero = events.find(R"("index":0,"text":"ab","logprobs":{"tokens":)"
                                R"(["<s>","a","b"])");
  const auto one = events.find(R"("index":1,"text":"ab")");
  const auto late = events.find(R"("index":1,"text":"d")");
  BOOST_TEST(zero < one);
  BOOST_TEST(one < late);
  BOOST_TEST(late != std::string::npos);
  BOOST_TEST(has(events, R"("text_offset":[2]})"), events);
  BOOST_TEST(has(out->push(0, with_logprob(say("c", 1))), R"("text":"c")"));
}

BOOST_AUTO_TEST_CASE(completions_have_prompt_logprobs_in_every_choice) {
  auto request = echo("ab");
  request.echo = request.logprobs = false;
  request.prompt_logprobs = 0;
  request.choices = 2;
  const auto out = make_answer_writer(request, {1, 42});
  out->push(0, told(begun_prompt()));
  const auto body = out->body();
  const std::string map =
      R"("prompt_logprobs":[null,{"9":{"logprob":-3,"rank":4,)";
  const auto at = body.find(map);
  BOOST_TEST(at != std::string::npos, body);
  BOOST_TEST(body.find(map, at + 1) != std::string::npos, body);
}

BOOST_AUTO_TEST_CASE(chats_have_prompt_logprobs_beside_the_choices) {
  api_request request;
  request.prompts.resize(1);
  request.prompt_logprobs = 1;
  const auto out = make_answer_writer(request, {1, 42});
  out->push(0, told(begun_prompt()));
  BOOST_TEST(has(out->body(), R"(}},"prompt_logprobs":[null,{"9":)"),
             out->body());
}

BOOST_AUTO_TEST_SUITE_END()
