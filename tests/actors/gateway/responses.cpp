// SPDX-FileCopyrightText: The Sluice authors
// SPDX-License-Identifier: Apache-2.0

// OpenAI's Responses API: input, answers, events.
#include "actors/gateway/answer_writer.hpp"
#include "actors/gateway/parse_request.hpp"
#include "gateway_fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

using namespace sluice::test;
namespace json = boost::json;

namespace {

api_request good(std::string_view body) {
  auto result = parse_responses(body, {});
  if (const auto* error = std::get_if<api_error>(&result))
    BOOST_FAIL(error->message);
  return std::get<api_request>(std::move(result));
}

api_error bad(std::string_view body) {
  auto result = parse_responses(body, {});
  BOOST_REQUIRE(std::holds_alternative<api_error>(result));
  return std::get<api_error>(std::move(result));
}

// A body with an input and `more`.
std::string with(std::string_view more) {
  return R"({"input":"hi",)" + std::string{more} + "}";
}

text_delta say(std::string text, std::uint32_t count,
               finish_reason finish = finish_reason::none) {
  text_delta out;
  out.text = std::move(text);
  out.completion_tokens = count;
  out.finish = finish;
  return out;
}

text_delta call(std::vector<tool_call_delta> parts, std::uint32_t count,
                finish_reason finish = finish_reason::none) {
  auto out = say("", count, finish);
  out.calls = std::move(parts);
  return out;
}

std::unique_ptr<answer_writer> writer(std::string_view body) {
  auto request = good(body);
  request.model = "edge";
  auto out = make_answer_writer(request, {255, 42});
  out->tally().prompt_tokens(0, 7);
  return out;
}

// "event: NAME\ndata: ...\n\n" one by one; checks that NAME is the type and
// that numbers run on.
struct event_log {
  void read(std::string_view stream) {
    while (!stream.empty()) {
      const auto line = stream.find('\n');
      const auto end = stream.find("\n\n");
      BOOST_REQUIRE(stream.starts_with("event: "));
      const std::string name{stream.substr(7, line - 7)};
      const std::string data{stream.substr(line + 7, end - line - 7)};
      BOOST_TEST(at(data, "/type") == "\"" + name + "\"");
      BOOST_TEST(at(data, "/sequence_number") == std::to_string(names.size()));
      names.push_back(name.substr(name.find('.') + 1));
      all.push_back(data);
      stream.remove_prefix(end + 2);
    }
  }
  std::vector<std::string> names; // without "response."
  std::vector<std::string> all;
};

constexpr const char* weather =
    R"("tools":[{"type":"function","name":"weather","description":"d",)"
    R"("parameters":{"type":"object"},"strict":true}])";

} // namespace

BOOST_AUTO_TEST_SUITE(responses_fields)

BOOST_AUTO_TEST_CASE(a_string_is_what_the_user_says) {
  const auto got = good(R"({"input":"hi","instructions":"be brief"})");
  BOOST_TEST((got.kind == endpoint::responses));
  BOOST_TEST(got.messages
             == R"([{"role":"system","content":"be brief"},)"
                R"({"role":"user","content":"hi"}])");
  BOOST_TEST(got.max_tokens == 0u);
}

BOOST_AUTO_TEST_CASE(items_become_a_conversation) {
  const auto got = good(
      R"({"input":[{"role":"developer","content":"d"},)"
      R"({"type":"message","role":"user","content":[)"
      R"({"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},)"
      R"({"type":"message","id":"msg_1","status":"completed","role":)"
      R"("assistant","content":[{"type":"output_text","text":"c"}]},)"
      R"({"type":"function_call","id":"fc_1","call_id":"call_1","name":"f",)"
      R"("arguments":"{\"x\":1}"},)"
      R"({"type":"function_call","call_id":"call_2","name":"g",)"
      R"("arguments":"{}"},)"
      R"({"type":"function_call_output","call_id":"call_1","output":"4"},)"
      R"({"type":"function_call_output","call_id":"call_2","output":)"
      R"([{"type":"input_text","text":"5"}]}]})");
  BOOST_TEST(got.messages
             == R"([{"role":"developer","content":"d"},)"
                R"({"role":"user","content":"a\nb"},)"
                R"({"role":"assistant","content":"c","tool_calls":[)"
                R"({"id":"call_1","type":"function","function":)"
                R"({"name":"f","arguments":{"x":1}}},)"
                R"({"id":"call_2","type":"function","function":)"
                R"({"name":"g","arguments":{}}}]},)"
                R"({"role":"tool","tool_call_id":"call_1","content":"4"},)"
                R"({"role":"tool","tool_call_id":"call_2","content":"5"}])");
}

BOOST_AUTO_TEST_CASE(calls_without_text_make_a_message_of_their_own) {
  const auto got = good(R"({"input":[{"role":"user","content":"q"},)"
                        R"({"type":"function_call","call_id":"c","name":"f",)"
                        R"("arguments":"{}"}]})");
  BOOST_TEST(got.messages.find(R"({"role":"assistant","content":null,)"
                               R"("tool_calls":[)")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(wrong_input_is_named) {
  const auto item = [](std::string_view text) {
    return R"({"input":[)" + std::string{text} + "]}";
  };
  BOOST_TEST(bad("{}").param == "input");
  BOOST_TEST(bad(R"({"input":5})").param == "input");
  BOOST_TEST(bad(R"({"input":[]})").param == "input");
  BOOST_TEST(bad(item("5")).param == "input[0]");
  BOOST_TEST(bad(item(R"({"content":"a"})")).param == "input[0].role");
  BOOST_TEST(bad(item(R"({"role":"king","content":"a"})")).param
             == "input[0].role");
  BOOST_TEST(bad(item(R"({"role":"user"})")).param == "input[0].content");
  BOOST_TEST(
      bad(item(R"({"role":"user","content":[{"type":"input_image"}]})")).param
      == "input[0].content[0].type");
  BOOST_TEST(bad(item(R"({"type":"item_reference","id":"x"})")).param
             == "input[0].type");
  BOOST_TEST(
      bad(item(R"({"type":"function_call","name":"f","arguments":""})")).param
      == "input[0].call_id");
  BOOST_TEST(bad(item(R"({"type":"function_call_output","call_id":"c"})")).param
             == "input[0].output");
}

BOOST_AUTO_TEST_CASE(its_names_are_read) {
  const auto got = good(with(
      R"("max_output_tokens":9,"temperature":0.5,"top_p":0.9,"stream":true,)"
      R"("include":["message.output_text.logprobs"],"top_logprobs":2,)"
      R"("store":true,"user":"ann","truncation":"disabled")"));
  BOOST_TEST(got.max_tokens == 9u);
  BOOST_TEST(got.sampling.temperature == 0.5f);
  BOOST_TEST(got.stream);
  BOOST_TEST((got.logprobs && got.sampling.top_logprobs == 2));
  BOOST_TEST(got.tenant == "ann");
}

BOOST_AUTO_TEST_CASE(what_needs_a_memory_or_other_tools_is_refused) {
  for (const auto* field :
       {R"("previous_response_id":"resp_1")", R"("conversation":"conv_1")",
        R"("prompt":{"id":"pmpt_1"})", R"("background":true)",
        R"("truncation":"auto")", R"("n":2)"}) {
    const std::string text{field};
    BOOST_TEST(bad(with(text)).param == text.substr(1, text.find('"', 1) - 1));
  }
  const auto tool = bad(with(R"("tools":[{"type":"web_search"}])"));
  BOOST_TEST(tool.param == "tools[0].type");
  BOOST_TEST(tool.message.find("web_search") != std::string::npos);
  BOOST_TEST(bad(with(R"("tools":[{"type":"function","name":"f"}],)"
                      R"("tool_choice":{"type":"allowed_tools"})"))
                 .param
             == "tool_choice.type");
}

BOOST_AUTO_TEST_CASE(wrong_types_are_named) {
  BOOST_TEST(bad(with(R"("max_output_tokens":0)")).param
             == "max_output_tokens");
  BOOST_TEST(bad(with(R"("instructions":5)")).param == "instructions");
  BOOST_TEST(bad(with(R"("store":"yes")")).param == "store");
  BOOST_TEST(bad(with(R"("metadata":[])")).param == "metadata");
  BOOST_TEST(bad(with(R"("top_logprobs":21)")).param == "top_logprobs");
  BOOST_TEST(bad(with(R"("include":[1])")).param == "include[0]");
}

BOOST_AUTO_TEST_CASE(flat_tools_are_nested_for_templates) {
  const auto got = good(with(weather));
  BOOST_TEST(got.tools
             == R"([{"type":"function","function":{"name":"weather",)"
                R"("description":"d","parameters":{"type":"object"},)"
                R"("strict":true}}])");
  BOOST_TEST(got.must_call == "");
  const auto named =
      good(with(std::string{weather}
                + R"(,"tool_choice":{"type":"function","name":"weather"},)"
                  R"("parallel_tool_calls":false)"));
  BOOST_TEST(named.must_call == "weather");
  BOOST_TEST(!named.parallel_calls);
  BOOST_TEST(named.template_options
             == R"({"tool_choice":{"type":"function","function":)"
                R"({"name":"weather"}}})");
  BOOST_TEST(bad(with(std::string{weather}
                      + R"(,"tool_choice":{"type":"function","name":"x"})"))
                 .param
             == "tool_choice.name");
  BOOST_TEST(bad(with(R"("tools":[{"type":"function"}])")).param
             == "tools[0].name");
}

BOOST_AUTO_TEST_CASE(a_format_is_a_grammar) {
  using sluice::device::grammar_kind;
  const auto schema =
      good(with(R"("text":{"format":{"type":"json_schema","name":"n",)"
                R"("schema":{"type":"object"},"strict":true}})"));
  BOOST_TEST((schema.sampling.grammar.kind == grammar_kind::json_schema));
  BOOST_TEST(schema.sampling.grammar.name == "text.format.schema");
  BOOST_TEST(schema.sampling.grammar.text == R"({"type":"object"})");
  BOOST_TEST((good(with(R"("text":{"format":{"type":"json_object"}})"))
                  .sampling.grammar.kind
              == grammar_kind::json_object));
  BOOST_TEST(
      !good(with(R"("text":{"format":{"type":"text"}})")).sampling.grammar);
  BOOST_TEST(bad(with(R"("text":{"format":{"type":"xml"}})")).param
             == "text.format.type");
  BOOST_TEST(bad(with(R"("text":{"format":{"type":"json_schema"}})")).param
             == "text.format.schema");
  BOOST_TEST(bad(with(R"("guided_regex":"a","text":{"format":{"type":)"
                      R"("json_object"}})"))
                 .param
             == "text.format");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(responses_answers)

BOOST_AUTO_TEST_CASE(a_response_has_openais_shape) {
  const auto out = writer(with(R"("instructions":"be brief")"));
  out->push(0, say("Hel", 1));
  out->push(0, say("lo", 2, finish_reason::stop));
  const auto body = out->body();
  BOOST_TEST(at(body, "/id") == R"("resp_00000000000000ff")");
  BOOST_TEST(at(body, "/object") == R"("response")");
  BOOST_TEST(at(body, "/created_at") == "42");
  BOOST_TEST(at(body, "/status") == R"("completed")");
  BOOST_TEST(at(body, "/error") == "null");
  BOOST_TEST(at(body, "/incomplete_details") == "null");
  BOOST_TEST(at(body, "/model") == R"("edge")");
  BOOST_TEST(at(body, "/instructions") == R"("be brief")");
  BOOST_TEST(at(body, "/store") == "false");
  BOOST_TEST(at(body, "/tools") == "[]");
  BOOST_TEST(at(body, "/output")
             == R"([{"id":"msg_00000000000000ff_0","status":"completed",)"
                R"("type":"message","role":"assistant","content":[)"
                R"({"type":"output_text","annotations":[],"logprobs":[],)"
                R"("text":"Hello"}]}])");
  BOOST_TEST(at(body, "/usage")
             == R"({"input_tokens":7,"input_tokens_details":)"
                R"({"cached_tokens":0},"output_tokens":2,)"
                R"("output_tokens_details":{"reasoning_tokens":0},)"
                R"("total_tokens":9})");
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_off_is_incomplete) {
  const auto out = writer(with(R"("max_output_tokens":1)"));
  out->push(0, say("Hel", 1, finish_reason::length));
  BOOST_TEST(at(out->body(), "/status") == R"("incomplete")");
  BOOST_TEST(at(out->body(), "/incomplete_details/reason")
             == R"("max_output_tokens")");
  BOOST_TEST(at(out->body(), "/output/0/status") == R"("incomplete")");
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_word_is_an_empty_message) {
  const auto out = writer(with(R"("store":false)"));
  out->push(0, say("", 1, finish_reason::stop));
  BOOST_TEST(at(out->body(), "/output/0/content/0/text") == R"("")");
}

BOOST_AUTO_TEST_CASE(a_stream_opens_fills_and_closes_its_message) {
  const auto out = writer(with(R"("stream":true)"));
  event_log log;
  log.read(out->first_events());
  log.read(out->push(0, say("Hel", 1)));
  log.read(out->push(0, say("lo", 2, finish_reason::stop)));
  log.read(out->last_events());
  const std::vector<std::string> expected{
      "created",           "in_progress",
      "output_item.added", "content_part.added",
      "output_text.delta", "output_text.delta",
      "output_text.done",  "content_part.done",
      "output_item.done",  "completed"};
  BOOST_TEST(log.names == expected, boost::test_tools::per_element());
  BOOST_TEST(at(log.all[0], "/response/status") == R"("in_progress")");
  BOOST_TEST(at(log.all[0], "/response/output") == "[]");
  BOOST_TEST(at(log.all[2], "/item/content") == "[]");
  BOOST_TEST(at(log.all[4], "/delta") == R"("Hel")");
  BOOST_TEST(at(log.all[4], "/item_id") == at(log.all[2], "/item/id"));
  BOOST_TEST(at(log.all[6], "/text") == R"("Hello")");
  BOOST_TEST(at(log.all[9], "/response")
             == json::serialize(json::parse(out->body())));
}

BOOST_AUTO_TEST_CASE(calls_are_items_of_their_own) {
  const auto out = writer(with(R"("stream":true)"));
  event_log log;
  log.read(out->push(0, say("Hm.", 1)));
  log.read(out->push(0, call({{0, "call_1", "f", ""}}, 2)));
  log.read(out->push(0, call({{0, "", "", "{\"a\""}}, 3)));
  log.read(out->push(0, call({{0, "", "", ":1}"}, {1, "call_2", "g", "{}"}}, 4,
                             finish_reason::tool_calls)));
  log.read(out->last_events());
  const std::vector<std::string> expected{"output_item.added",
                                          "content_part.added",
                                          "output_text.delta",
                                          "output_text.done",
                                          "content_part.done",
                                          "output_item.done",
                                          "output_item.added",
                                          "function_call_arguments.delta",
                                          "function_call_arguments.delta",
                                          "function_call_arguments.done",
                                          "output_item.done",
                                          "output_item.added",
                                          "function_call_arguments.delta",
                                          "function_call_arguments.done",
                                          "output_item.done",
                                          "completed"};
  BOOST_TEST(log.names == expected, boost::test_tools::per_element());
  BOOST_TEST(at(log.all[6], "/output_index") == "1");
  BOOST_TEST(at(log.all[6], "/item/arguments") == R"("")");
  BOOST_TEST(at(log.all[9], "/arguments") == R"("{\"a\":1}")");
  BOOST_TEST(at(out->body(), "/output/1")
             == R"({"id":"fc_00000000000000ff_1","status":"completed",)"
                R"("type":"function_call","call_id":"call_1","name":"f",)"
                R"("arguments":"{\"a\":1}"})");
  BOOST_TEST(at(out->body(), "/output/2/call_id") == R"("call_2")");
  BOOST_TEST(at(out->body(), "/status") == R"("completed")");
}

BOOST_AUTO_TEST_CASE(text_after_a_call_is_a_second_message) {
  const auto out = writer(with(R"("store":false)"));
  out->push(0, call({{0, "call_1", "f", "{}"}}, 1));
  out->push(0, say("done", 2, finish_reason::tool_calls));
  BOOST_TEST(at(out->body(), "/output/0/type") == R"("function_call")");
  BOOST_TEST(at(out->body(), "/output/1/content/0/text") == R"("done")");
}

BOOST_AUTO_TEST_CASE(logprobs_come_with_their_text) {
  const auto out = writer(
      with(R"("stream":true,"include":["message.output_text.logprobs"])"));
  auto delta = say("a", 1, finish_reason::stop);
  delta.logprobs.push_back({"a", -0.5f, {}, 97, {}});
  event_log log;
  log.read(out->push(0, delta));
  BOOST_TEST(at(log.all[2], "/logprobs/0/token") == R"("a")");
  BOOST_TEST(at(out->body(), "/output/0/content/0/logprobs/0/bytes") == "[97]");
}

BOOST_AUTO_TEST_CASE(a_failure_in_mid_stream_is_a_failed_response) {
  const auto out = writer(with(R"("stream":true)"));
  event_log log;
  log.read(out->first_events());
  log.read(out->push(0, say("a", 1)));
  log.read(out->error_events(to_api_error(errc::model_failed, "x")));
  BOOST_TEST(log.names.back() == "failed");
  BOOST_TEST(at(log.all.back(), "/response/status") == R"("failed")");
  BOOST_TEST(at(log.all.back(), "/response/error")
             == R"({"code":"server_error","message":"x"})");
}

BOOST_AUTO_TEST_CASE(the_route_answers_and_takes_post_alone) {
  house h{say_hello};
  const auto got = h.client().send("POST", "/v1/responses",
                                   R"({"input":"hi","model":"alias"})");
  BOOST_TEST(got.status == 200u);
  BOOST_TEST(at(got.body, "/output/0/content/0/text") == R"("Hello")");
  BOOST_TEST(at(got.body, "/model") == R"("alias")");
  BOOST_TEST(h.graph_script->requests(1).front().messages
             == R"([{"role":"user","content":"hi"}])");
  BOOST_TEST(h.client().send("GET", "/v1/responses").status == 405u);
  BOOST_TEST(h.client().send("GET", "/v1/responses/resp_1").status == 404u);
  const auto wrong =
      h.client().send("POST", "/v1/responses", R"({"input":true})");
  BOOST_TEST(wrong.status == 400u);
  BOOST_TEST(at(wrong.body, "/error/param") == R"("input")");
}

BOOST_AUTO_TEST_SUITE_END()
