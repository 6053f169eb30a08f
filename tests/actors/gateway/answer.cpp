// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/json_text.hpp"
#include "actors/gateway/logprobs_json.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace sluice::actors;

namespace {

api_request chat() {
  api_request out;
  out.model = "edge";
  out.prompts.resize(1);
  return out;
}

// What an answer without any told times ends with.
std::string timings(unsigned prompt, unsigned completion) {
  const auto phase = [](const std::string& name, unsigned tokens) {
    return "\"" + name + "_n\":" + std::to_string(tokens) + ",\"" + name
           + "_ms\":0.000,\"" + name + "_per_token_ms\":0.000,\"" + name
           + "_per_second\":0.000";
  };
  return ",\"timings\":{\"cache_n\":0," + phase("prompt", prompt) + ","
         + phase("predicted", completion) + "}}";
}

api_request completion(std::string prompt) {
  auto out = chat();
  out.kind = endpoint::completions;
  out.prompts.front().text = std::move(prompt);
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

text_delta with_logprob(text_delta delta, token_logprob value) {
  delta.logprobs.push_back(std::move(value));
  return delta;
}

} // namespace

BOOST_AUTO_TEST_SUITE(answer)

BOOST_AUTO_TEST_CASE(a_chat_completion_has_openais_shape) {
  const auto out = make_answer_writer(chat(), {1, 42});
  out->tally().prompt_tokens(0, 7);
  BOOST_TEST(out->push(0, say("Hel", 1)) == "");
  out->push(0, say("lo\n\"", 2, finish_reason::stop));
  BOOST_TEST(
      out->body()
      == R"({"id":"chatcmpl-0000000000000001","object":)"
         R"("chat.completion","created":42,"model":"edge","choices":[{"index":0,"message":{"role":)"
         R"("assistant","content":"Hello\n\"","refusal":null},)"
         R"("logprobs":null,"finish_reason":"stop"}],"usage":{)"
         R"("prompt_tokens":7,"completion_tokens":2,"total_tokens":9,)"
         R"("prompt_tokens_details":{"cached_tokens":0}})"
             + timings(7, 2));
}

BOOST_AUTO_TEST_CASE(a_chat_stream_is_role_text_finish_usage_done) {
  auto request = chat();
  request.stream = true;
  request.include_usage = true;
  const auto out = make_answer_writer(request, {1, 42});
  out->tally().prompt_tokens(0, 7);
  const std::string head =
      R"(data: {"id":"chatcmpl-0000000000000001","object":)"
      R"("chat.completion.chunk","created":42,"model":"edge",)";
  BOOST_TEST(out->first_events()
             == head
                    + R"("choices":[{"index":0,"delta":{"role":"assistant",)"
                      R"("content":""},"logprobs":null,"finish_reason":null}],)"
                      R"("usage":null})"
                    + "\n\n");
  BOOST_TEST(out->push(0, say("Hi", 1))
             == head
                    + R"("choices":[{"index":0,"delta":{"content":"Hi"},)"
                      R"("logprobs":null,"finish_reason":null}],"usage":null})"
                    + "\n\n");
  BOOST_TEST(out->push(0, say("", 1)) == "");
  BOOST_TEST(out->push(0, say("", 2, finish_reason::length))
             == head
                    + R"("choices":[{"index":0,"delta":{},"logprobs":null,)"
                      R"("finish_reason":"length"}],"usage":null})"
                    + "\n\n");
  BOOST_TEST(out->last_events()
             == head
                    + R"("choices":[],"usage":{"prompt_tokens":7,)"
                      R"("completion_tokens":2,"total_tokens":9,)"
                      R"("prompt_tokens_details":{"cached_tokens":0}})"
                    + timings(7, 2) + "\n\ndata: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(text_that_comes_with_the_finish_is_not_lost) {
  auto request = chat();
  request.stream = true;
  const auto out = make_answer_writer(request, {1, 1});
  const auto events = out->push(0, say("end", 3, finish_reason::stop));
  const auto text = events.find(R"("delta":{"content":"end"})");
  const auto finish = events.find(R"("finish_reason":"stop")");
  BOOST_TEST((text != events.npos && finish != events.npos && text < finish));
}

BOOST_AUTO_TEST_CASE(choices_of_all_prompts_are_numbered_through) {
  auto request = completion("a");
  request.prompts.push_back({"b", {}});
  request.choices = 2;
  request.echo = true;
  const auto out = make_answer_writer(request, {1, 42});
  BOOST_TEST(out->tally().choices() == 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    out->tally().prompt_tokens(i, i < 2 ? 3 : 5);
    out->push(i, say(std::to_string(i), 1, finish_reason::length));
  }
  BOOST_TEST(
      out->body()
      == R"({"id":"cmpl-0000000000000001","object":"text_completion",)"
         R"("created":42,"model":"edge","choices":[)"
         R"({"index":0,"text":"a0","logprobs":null,"finish_reason":"length"},)"
         R"({"index":1,"text":"a1","logprobs":null,"finish_reason":"length"},)"
         R"({"index":2,"text":"b2","logprobs":null,"finish_reason":"length"},)"
         R"({"index":3,"text":"b3","logprobs":null,"finish_reason":"length"}],)"
         R"("usage":{"prompt_tokens":8,"completion_tokens":4,)"
         R"("total_tokens":12,)"
         R"("prompt_tokens_details":{"cached_tokens":0}})"
             + timings(8, 4));
}

BOOST_AUTO_TEST_CASE(an_echoed_prompt_opens_its_stream) {
  auto request = completion("once");
  request.stream = true;
  request.echo = true;
  const auto out = make_answer_writer(request, {1, 42});
  BOOST_TEST(out->first_events().find(R"("text":"once")") != std::string::npos);
  request.echo = false;
  BOOST_TEST(make_answer_writer(request, {1, 42})->first_events() == "");
}

BOOST_AUTO_TEST_CASE(chat_logprobs_have_bytes_and_alternatives) {
  auto request = chat();
  request.logprobs = true;
  const auto out = make_answer_writer(request, {1, 1});
  out->push(
      0, with_logprob(say("", 1), {"\xe2\x82", -0.5f, {{"a", -1.0f}}, 0, {}}));
  out->push(0, with_logprob(say("€", 2, finish_reason::stop),
                            {"\xac", -0.25f, {}, 0, {}}));
  BOOST_TEST(
      out->body().find(
          R"("logprobs":{"content":[{"token":"��","logprob":-0.5,)"
          R"("bytes":[226,130],"top_logprobs":[{"token":"a","logprob":-1,)"
          R"("bytes":[97]}]},{"token":"�","logprob":-0.25,"bytes":[172],)"
          R"("top_logprobs":[]}],"refusal":null})")
          != std::string::npos,
      out->body());
}

BOOST_AUTO_TEST_CASE(completion_logprobs_have_offsets_in_characters) {
  auto request = completion("p");
  request.logprobs = true;
  const auto out = make_answer_writer(request, {1, 1});
  out->push(0, with_logprob(say("é", 1), {"é", -0.5f, {{"é", -0.5f}}, 0, {}}));
  out->push(0, with_logprob(say("b", 2, finish_reason::stop),
                            {"b", -1.0f, {{"\xff", -2.0f}}, 0, {}}));
  BOOST_TEST(out->body().find(
                 R"("logprobs":{"tokens":["é","b"],"token_logprobs":[-0.5,-1],)"
                 R"("top_logprobs":[{"é":-0.5},{"bytes:\\xff":-2}],)"
                 R"("text_offset":[0,1]})")
                 != std::string::npos,
             out->body());
}

BOOST_AUTO_TEST_CASE(a_streams_offsets_go_on) {
  auto request = completion("p");
  request.logprobs = true;
  request.stream = true;
  const auto out = make_answer_writer(request, {1, 1});
  out->push(0, with_logprob(say("ab", 1), {"ab", -1.0f, {}, 0, {}}));
  BOOST_TEST(out->push(0, with_logprob(say("c", 2), {"c", -1.0f, {}, 0, {}}))
                 .find(R"("text_offset":[2])")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(impossible_tokens_get_openais_number) {
  std::string out;
  append_logprob(out, -INFINITY);
  append_quoted(out, std::string_view{"\0\x1f\"\\\n\xc3", 6});
  BOOST_TEST(out == "-9999\"\\u0000\\u001f\\\"\\\\\\n\xef\xbf\xbd\"");
}

BOOST_AUTO_TEST_CASE(invalid_utf8_is_found_where_it_begins) {
  BOOST_TEST(!find_invalid_utf8("aé€😀").has_value());
  for (const auto* bad :
       {"\x80", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5", "\xe2\x82", "\xff"})
    BOOST_TEST(find_invalid_utf8(std::string{"ab"} + bad).value() == 2u);
}

BOOST_AUTO_TEST_CASE(an_error_in_mid_stream_is_an_event_and_then_done) {
  BOOST_TEST(make_answer_writer(chat(), {1, 42})
                 ->error_events(to_api_error(errc::model_failed, "x"))
             == R"(data: {"error":{"message":"x","type":"server_error",)"
                R"("param":null,"code":"model_failed"}})"
                "\n\ndata: [DONE]\n\n");
}

BOOST_AUTO_TEST_CASE(every_error_code_has_its_status) {
  const auto status = [](errc code) { return to_api_error(code, {}).status; };
  BOOST_TEST(status(errc::bad_request) == 400u);
  BOOST_TEST(status(errc::prompt_too_long) == 400u);
  BOOST_TEST(status(errc::unknown_model) == 404u);
  BOOST_TEST(status(errc::overloaded) == 429u);
  BOOST_TEST(status(errc::deadline_exceeded) == 504u);
  BOOST_TEST(status(errc::cancelled) == 503u);
  BOOST_TEST(status(errc::shutting_down) == 503u);
  BOOST_TEST(status(errc::model_failed) == 500u);
  BOOST_TEST(status(errc::template_failed) == 400u);
  BOOST_TEST(status(errc::no_route) == 400u);
  const auto busy = to_response(to_api_error(errc::overloaded, {}));
  BOOST_TEST(sluice::transport::http::find(busy.headers, "Retry-After").value()
             == "1");
}

BOOST_AUTO_TEST_CASE(tool_calls_take_the_place_of_content) {
  const auto out = make_answer_writer(chat(), {1, 1});
  auto delta = say("", 3);
  delta.calls = {{0, "call_1", "f", "{\"a\""}, {0, "", "", ":1}"}};
  out->push(0, delta);
  delta = say("", 5, finish_reason::tool_calls);
  delta.calls = {{1, "call_2", "g", "{}"}};
  out->push(0, delta);
  BOOST_TEST(
      out->body().find(
          R"("message":{"role":"assistant","content":null,"refusal":null,)"
          R"("tool_calls":[{"id":"call_1","type":"function","function":)"
          R"({"name":"f","arguments":"{\"a\":1}"}},{"id":"call_2","type":)"
          R"("function","function":{"name":"g","arguments":"{}"}}]},)"
          R"("logprobs":null,"finish_reason":"tool_calls"})")
          != std::string::npos,
      out->body());
}

BOOST_AUTO_TEST_CASE(streamed_arguments_follow_their_call) {
  auto request = chat();
  request.stream = true;
  const auto out = make_answer_writer(request, {1, 1});
  auto delta = say("Hm.", 3);
  delta.calls = {{0, "call_1", "f", ""}};
  const auto first = out->push(0, delta);
  const auto text = first.find(R"("delta":{"content":"Hm."})");
  const auto call = first.find(
      R"("delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function",)"
      R"("function":{"name":"f","arguments":""}}]})");
  BOOST_TEST((call != first.npos && text < call), first);
  delta = say("", 4, finish_reason::tool_calls);
  delta.calls = {{0, "", "", "{}"}};
  const auto last = out->push(0, delta);
  BOOST_TEST(last.find(R"("delta":{"tool_calls":[{"index":0,"function":)"
                       R"({"arguments":"{}"}}]})")
                 != last.npos,
             last);
  BOOST_TEST(last.find(R"("finish_reason":"tool_calls")") != last.npos);
}

BOOST_AUTO_TEST_CASE(timings_are_those_of_the_slowest_choice) {
  auto request = chat();
  request.choices = 2;
  const auto out = make_answer_writer(request, {1, 1});
  out->tally().prompt_tokens(0, 10);
  auto delta = say("a", 2, finish_reason::stop);
  delta.times = {0.1, 0.5, 0.25};
  out->push(0, delta);
  delta.times = {0.1, 0.25, 0.5};
  out->push(1, delta);
  BOOST_TEST(out->body().find(
                 R"("timings":{"cache_n":0,"prompt_n":10,"prompt_ms":500.000,)"
                 R"("prompt_per_token_ms":50.000,"prompt_per_second":20.000,)"
                 R"("predicted_n":4,"predicted_ms":500.000,)"
                 R"("predicted_per_token_ms":125.000,)"
                 R"("predicted_per_second":8.000})")
                 != std::string::npos,
             out->body());
}

BOOST_AUTO_TEST_CASE(a_known_fingerprint_is_told) {
  auto request = chat();
  request.fingerprint = "fp_1";
  const auto out = make_answer_writer(request, {1, 1});
  BOOST_TEST(out->body().find(R"("model":"edge","system_fingerprint":"fp_1",)")
             != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
